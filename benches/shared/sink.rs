//! An SMTP server that keeps nothing.

use jiff::Timestamp;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What is answered to a RCPT line in place of yes.
pub(crate) type Refusal = fn(&[u8]) -> Option<&'static [u8]>;

/// An SMTP server that takes everything, or all but what it is told to refuse,
/// and notes when each conversation began. It ends with the process.
pub(crate) struct Sink {
    pub(crate) port: u16,
    pub(crate) begun: Arc<Mutex<Vec<Timestamp>>>,
}

impl Sink {
    pub(crate) fn start(refusal: Refusal) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let begun = Arc::<Mutex<Vec<Timestamp>>>::default();
        let noted = Arc::clone(&begun);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let noted = Arc::clone(&noted);
                std::thread::spawn(move || drop(talk(stream.unwrap(), &noted, refusal)));
            }
        });
        Self { port, begun }
    }
}

fn talk(
    mut stream: TcpStream,
    begun: &Mutex<Vec<Timestamp>>,
    refusal: Refusal,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut lines = BufReader::new(stream.try_clone()?);
    stream.write_all(b"220 sink\r\n")?;
    let (mut line, mut in_data, mut refused) = (Vec::new(), false, false);
    while {
        line.clear();
        lines.read_until(b'\n', &mut line)?
    } > 0
    {
        let reply: &[u8] = match (line.as_slice(), in_data) {
            (b".\r\n", true) => {
                in_data = false;
                b"250 taken\r\n"
            }
            (_, true) => continue,
            (line, _) if line.starts_with(b"EHLO") => {
                b"250-sink\r\n250-8BITMIME\r\n250 PIPELINING\r\n"
            }
            (line, _) if line.starts_with(b"MAIL") => {
                begun.lock().unwrap().push(Timestamp::now());
                refused = false;
                b"250 ok\r\n"
            }
            (line, _) if line.starts_with(b"RCPT") => {
                let answer = refusal(line);
                refused = answer.is_some();
                answer.unwrap_or(b"250 ok\r\n")
            }
            (line, _) if line.starts_with(b"DATA") && refused => b"554 no valid recipients\r\n",
            (line, _) if line.starts_with(b"DATA") => {
                in_data = true;
                b"354 go\r\n"
            }
            (line, _) if line.starts_with(b"QUIT") => {
                return stream.write_all(b"221 bye\r\n");
            }
            _ => b"250 ok\r\n",
        };
        stream.write_all(reply)?;
    }
    Ok(())
}
