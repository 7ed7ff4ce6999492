//! x
mod dates;
mod layout;
mod sources;
mod words;
#[cfg(test)]
mod scratch {
    use super::*;
    #[test]
    fn mjml() {
        let s = sources::KitSources::builtin("press-release");
        println!("{:?}", s.files.keys());
        match layout::compile(&s, None) { Ok(h) => { std::fs::write("/tmp/h/render-out.html", &h).unwrap(); println!("{} bytes", h.len()) }, Err(e) => println!("ERR {e}") }
        for l in ["en","ru","kk","uk","fr","es","ar"] {
            let l = crate::domain::language::Language::parse(l).unwrap();
            match words::Words::load(&l, &s.words(&l)) { Ok(w) => println!("{:?}", w.plain("X").len()), Err(e) => for e in e { println!("{e}") } }
        }
    }
}
