//! What may be typed.

use super::people_args::{EditArgs, FindArgs, SegmentsCommand, SuppressionCommand};
use crate::desk::log::SearchWords;
use crate::desk::schedule::When;
use crate::domain::account::Role;
use clap::{Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// The press office's mailer: embargoed, multilingual press releases to
/// segmented press lists, with a delivery log that proves itself.
#[derive(Debug, Parser)]
#[command(name = "dateline", version, propagate_version = true)]
#[command(
    after_help = "Exit codes: 0 done; 1 some deliveries failed for good; 2 bad usage or input (nothing was sent);\n3 relay or store unreachable (nothing lost, may be run again)."
)]
pub(super) struct Args {
    /// The workspace
    #[arg(
        short = 'C',
        long = "workspace",
        value_name = "DIR",
        default_value = ".",
        global = true
    )]
    pub(super) workspace: PathBuf,
    /// How to print: text for people, json for programs (csv where a command says so)
    #[arg(long, value_enum, default_value_t = Format::Text, global = true)]
    pub(super) format: Format,
    /// Say more about what happens (twice: everything)
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub(super) verbose: u8,
    #[command(subcommand)]
    pub(super) command: Command,
}

impl Args {
    /// Whether log lines are JSON objects.
    pub(super) fn logs_json(&self) -> bool {
        matches!(&self.command, Command::Serve(serve) if serve.log_format == LogFormat::Json)
    }
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// For programs; stable.
    Json,
    /// For spreadsheets: log, contacts export.
    Csv,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show the whole main job: a sample newsroom, a local catcher, two releases
    #[command(after_help = "Example:\n  dateline demo")]
    Demo(DemoArgs),
    /// Make a new workspace
    #[command(after_help = "Example:\n  dateline init newsroom && dateline -C newsroom check")]
    Init {
        /// The folder to make
        dir: PathBuf,
    },
    /// Tell everything that is wrong, at once, with file and line; nothing is sent
    #[command(after_help = "Example:\n  dateline check 2027-03-11-river-defenders")]
    Check {
        /// One release; else all of them
        release: Option<String>,
    },
    /// Show all releases, or one with its approvals and distributions, and how far each has come
    #[command(
        after_help = "Examples:\n  dateline releases\n  dateline releases 2027-03-11-river-defenders"
    )]
    Releases {
        /// One release; else all of them
        release: Option<String>,
    },
    /// Keep the contact list
    #[command(after_help = "Example:\n  dateline contacts import contacts.csv")]
    Contacts {
        #[command(subcommand)]
        command: ContactsCommand,
    },
    /// Show who gets a release, in which language, when, and who not and why
    #[command(
        after_help = "Example:\n  dateline audience 2027-03-11-river-defenders --to central-asia --not wires"
    )]
    Audience(AudienceArgs),
    /// Show one mail as a reader would get it
    #[command(
        after_help = "Examples:\n  dateline preview 2027-03-11-river-defenders --lang ru --part text\n  dateline preview 2027-03-11-river-defenders --to anna@example.org --out preview/"
    )]
    Preview(PreviewArgs),
    /// Send a release, or rehearse it with --dry-run
    #[command(
        after_help = "Examples:\n  dateline send 2027-03-11-river-defenders --to central-asia --dry-run\n  dateline send 2027-03-11-river-defenders --to central-asia --to wires --wait\n\nRunning the same command again goes on where it stopped; nobody gets it twice."
    )]
    Send(SendArgs),
    /// Put on record that somebody approves a release as it is now
    #[command(
        after_help = "Example:\n  dateline approve 2027-03-11-river-defenders --to central-asia --by vera"
    )]
    Approve(ApproveArgs),
    /// Stop a distribution for now: nothing that has not begun will begin
    #[command(after_help = "Example:\n  dateline hold latest --why 'a name is in doubt'")]
    Hold(DeedArgs),
    /// Let a held distribution go on
    #[command(after_help = "Example:\n  dateline resume latest --why 'the name is right'")]
    Resume(DeedArgs),
    /// Withdraw a distribution: what has not begun never will
    #[command(after_help = "Example:\n  dateline kill latest --why 'the report is withdrawn'")]
    Kill(DeedArgs),
    /// Tell exactly those who received a release: a correction, or a notice
    #[command(
        after_help = "Examples:\n  dateline correct 2027-03-11-river-defenders --with 2027-03-12-correction\n  dateline correct 2027-03-11-river-defenders --notice kill"
    )]
    Correct(CorrectArgs),
    /// Lift or move the embargo of a release that is planned: of all its distributions
    #[command(
        after_help = "Example:\n  dateline embargo move latest '2027-03-12 11:00' --why 'the hearing was put off'"
    )]
    Embargo {
        #[command(subcommand)]
        command: EmbargoCommand,
    },
    /// Keep embargo agreements: who may have early copy
    #[command(after_help = "Example:\n  dateline agreement grant --contact anna@example.org")]
    Agreement {
        #[command(subcommand)]
        command: AgreementCommand,
    },
    /// Bar addresses from being written to, and lift the bar
    #[command(
        after_help = "Example:\n  dateline suppression add anna@example.org --why 'asked by telephone'"
    )]
    Suppression {
        #[command(subcommand)]
        command: SuppressionCommand,
    },
    /// Let go what is too old, as `[retention]` in dateline.toml says
    #[command(
        after_help = "A service does so once a day by itself.\n\nExample:\n  dateline retention run --dry-run"
    )]
    Retention {
        #[command(subcommand)]
        command: RetentionCommand,
    },
    /// Show segments and press lists, or save one more segment
    #[command(after_help = "Example:\n  dateline segments list")]
    Segments {
        #[command(subcommand)]
        command: SegmentsCommand,
    },
    /// Keep accounts of the desk: who may sign in, and as what
    #[command(
        after_help = "Example:\n  dateline user add vera --role admin --full-name 'Vera Ivanova'"
    )]
    User {
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Keep tokens: by what programs use the API of `serve`
    #[command(
        after_help = "Example:\n  dateline token add board --user vera --scope releases:read --scope distributions:read"
    )]
    Token {
        #[command(subcommand)]
        command: TokenCommand,
    },
    /// Run the service: it sends whatever falls due, until it is told to stop
    #[command(
        after_help = "Signals: SIGTERM and Ctrl-C finish the conversations under way and stop; SIGHUP reads the settings anew.\n\nExample:\n  dateline -C newsroom serve"
    )]
    Serve(ServeArgs),
    /// Show where distributions stand
    #[command(after_help = "Examples:\n  dateline status\n  dateline status latest")]
    Status {
        /// Its id, the beginning of it, or `latest`; else all
        distribution: Option<String>,
    },
    /// Show the delivery log, or verify it
    #[command(args_conflicts_with_subcommands = true)]
    #[command(
        after_help = "Examples:\n  dateline log latest --format csv > log.csv\n  dateline log verify"
    )]
    Log {
        #[command(subcommand)]
        command: Option<LogCommand>,
        #[command(flatten)]
        search: LogArgs,
    },
    /// Deliveries whose relay may have taken them, though its reply was lost
    #[command(after_help = "Example:\n  dateline in-doubt list")]
    InDoubt {
        #[command(subcommand)]
        command: InDoubtCommand,
    },
    /// Mail that came back: take reports in, and show them
    #[command(after_help = "Example:\n  dateline bounce ingest ~/Maildir")]
    Bounce {
        #[command(subcommand)]
        command: BounceCommand,
    },
    /// Try a relay out before it is relied upon
    #[command(after_help = "Example:\n  dateline relay test main")]
    Relay {
        #[command(subcommand)]
        command: RelayCommand,
    },
    /// DKIM keys: make one, and show what DNS must say of those in use
    #[command(after_help = "Example:\n  dateline dkim record")]
    Dkim {
        #[command(subcommand)]
        command: DkimCommand,
    },
    /// Look at the store, or copy it into another
    #[command(after_help = "Example:\n  dateline store check")]
    Store {
        #[command(subcommand)]
        command: StoreCommand,
    },
    /// Run a local SMTP catcher: it keeps every mail and passes none on
    #[command(after_help = catch_help())]
    Catch(CatchArgs),
    /// Print a script that completes commands in a shell
    #[command(
        after_help = "Example:\n  dateline completions bash > ~/.local/share/bash-completion/completions/dateline"
    )]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct DemoArgs {
    /// Where to put the sample newsroom; else a new temporary folder
    #[arg(long, value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum ContactsCommand {
    /// Import a file of contacts: CSV, XLSX, vCard or LDIF
    #[command(
        after_help = "What the file is, its encoding and its columns are found out and told. A bad row is reported and does not stop the good ones; what the file does not speak of stays as it is.\n\nExamples:\n  dateline contacts import contacts.csv --dry-run\n  dateline contacts import book.xlsx --map 'Почта=email' --map 'Tier=custom.tier' --report what.csv"
    )]
    Import(ImportArgs),
    /// List imports and merges, the newest first
    #[command(after_help = "Example:\n  dateline contacts imports")]
    Imports,
    /// Make every contact that an import or a merge changed as it was before
    #[command(
        after_help = "Where a contact was changed since, nothing is undone, and it is named.\n\nExample:\n  dateline contacts undo"
    )]
    Undo {
        /// Which; else the newest that stands
        import: Option<String>,
        /// Who undoes it; else the person logged in
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// List contacts that may be one person: by name, in any script, and outlet
    #[command(after_help = "Example:\n  dateline contacts duplicates")]
    Duplicates,
    /// Make two contacts one: the first stays and takes what it lacks from the second
    #[command(
        after_help = "Languages, beats, lists and notes are of both; so are embargo agreements, opt-outs and complaints. What waits for both in one distribution goes to one.\n\nExamples:\n  dateline contacts merge anna@example.org a.kim@example.net\n  dateline contacts merge anna@example.org a.kim@example.net --pick outlet=other --pick lists=kept"
    )]
    Merge {
        /// The address that stays
        kept: String,
        /// The address that goes
        other: String,
        /// Whose value stays in a field: FIELD=kept, FIELD=other or FIELD=both
        #[arg(long, value_name = "FIELD=WHOSE")]
        pick: Vec<String>,
        /// Who merges them; else the person logged in
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// Put on record that two contacts are two people: they are not offered any more
    #[command(
        after_help = "Without addresses it lists all pairs that were told apart.\n\nExamples:\n  dateline contacts distinct anna@example.org a.kim@example.net\n  dateline contacts distinct anna@example.org a.kim@example.net --undo\n  dateline contacts distinct"
    )]
    Distinct {
        /// The one address
        #[arg(requires = "other")]
        one: Option<String>,
        /// The other address
        other: Option<String>,
        /// They may be one person after all: offer them again
        #[arg(long, requires = "one")]
        undo: bool,
        /// Who says so; else the person logged in
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// Write all contacts as CSV
    #[command(after_help = "Example:\n  dateline contacts export contacts.csv")]
    Export {
        /// The file to write; else standard output
        file: Option<PathBuf>,
    },
    /// Add one contact
    #[command(
        after_help = "Example:\n  dateline contacts add anna@example.org name='Anna Kim' outlet='Steppe Post' languages=ru,en lists=radio"
    )]
    Add(EditArgs),
    /// Change fields of one contact; the others stay
    #[command(
        after_help = "Examples:\n  dateline contacts set anna@example.org outlet='Steppe Post' time_zone=Asia/Almaty\n  dateline contacts set anna@example.org lists+=radio beats-=sport custom.tier=1"
    )]
    Set(EditArgs),
    /// List contacts
    #[command(
        after_help = "Examples:\n  dateline contacts list --format json\n  dateline contacts list --search 'anna steppe' --list radio"
    )]
    List(FindArgs),
    /// Show one contact
    #[command(
        after_help = "Examples:\n  dateline contacts show anna@example.org\n  dateline contacts show anna@example.org --everything > for-anna.txt"
    )]
    Show {
        /// Their address
        email: String,
        /// Everything that any table or file holds of the address, to be handed to its owner (GDPR article 15)
        #[arg(long)]
        everything: bool,
    },
    /// Erase everything that is held of an address, for good (GDPR article 17)
    #[command(
        after_help = "Without --yes it is only told what would go. A hash that nobody can read keeps the address barred.\n\nExample:\n  dateline contacts forget anna@example.org --yes"
    )]
    Forget {
        /// Their address
        email: String,
        /// Really erase it
        #[arg(long)]
        yes: bool,
        /// Who does it; else the person logged in
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// Write to an address no more, as its reader could by the link in a mail
    #[command(
        after_help = "Examples:\n  dateline contacts opt-out anna@example.org --why 'asked by telephone'\n  dateline contacts opt-out anna@example.org --list radio"
    )]
    OptOut {
        /// Their address
        email: String,
        /// Only take them off this press list
        #[arg(long, value_name = "NAME")]
        list: Option<String>,
        /// How they asked
        #[arg(long, default_value = "asked for it")]
        why: String,
        /// Who does it; default: whoever runs the command
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// Keep a contact's OpenPGP key, to which their mail is encrypted
    #[command(
        after_help = "Whether mail is encrypted is the field `encryption`: required, preferred or off (docs/encryption.md).\n\nExample:\n  dateline contacts key import anna@example.org anna.asc --policy required"
    )]
    Key {
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// Print a contact's personal links: to opt out, and to their own page
    #[command(after_help = "Example:\n  dateline contacts link anna@example.org")]
    Link {
        /// Their address
        email: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum RetentionCommand {
    /// Let go what is too old by now
    #[command(after_help = "Example:\n  dateline retention run --dry-run")]
    Run {
        /// Only count what would go
        #[arg(long)]
        dry_run: bool,
        /// Who does it; else the person logged in
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
}

/// What can be done with a contact's key.
#[derive(Debug, Subcommand)]
pub(super) enum KeyCommand {
    /// Take a public key from a file, in the place of the one there is
    #[command(
        after_help = "Example:\n  dateline contacts key import anna@example.org anna.asc --policy required"
    )]
    Import {
        /// The contact's address
        email: String,
        /// The file: ASCII armor or binary; of several keys in it, the one that names the address is taken
        file: PathBuf,
        /// Also set whether their mail is encrypted; else that stays
        #[arg(long, value_enum)]
        policy: Option<PolicyArg>,
        /// Who does it; else the person logged in
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// Show a contact's key, and what is to be said of it
    #[command(after_help = "Example:\n  dateline contacts key show anna@example.org")]
    Show {
        /// The contact's address
        email: String,
        /// Print the key itself
        #[arg(long)]
        armor: bool,
    },
    /// Take a contact's key away; the policy stays
    #[command(after_help = "Example:\n  dateline contacts key remove anna@example.org")]
    Remove {
        /// The contact's address
        email: String,
        /// Who does it; else the person logged in
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
}

/// Whether mail is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum PolicyArg {
    /// Never.
    Off,
    /// Where the key can be used, else in the clear.
    Preferred,
    /// Always; where the key cannot be used, nothing is sent.
    Required,
}

#[derive(Debug, Clone, clap::Args)]
pub(super) struct ImportArgs {
    /// The file (docs/contacts.md)
    pub(super) file: PathBuf,
    /// Only say what would change
    #[arg(long)]
    pub(super) dry_run: bool,
    /// A single bad row stops all of it
    #[arg(long)]
    pub(super) strict: bool,
    /// The file's encoding, such as windows-1251; else it is found out
    #[arg(long, value_name = "NAME")]
    pub(super) encoding: Option<String>,
    /// What a column means: `Почта=email`, `Tier=custom.tier`, `Fax=ignore`
    #[arg(long, value_name = "COLUMN=FIELD")]
    pub(super) map: Vec<String>,
    /// Write what becomes of each row to this file, .csv or .json
    #[arg(long, value_name = "FILE")]
    pub(super) report: Option<PathBuf>,
    /// Who imports; else the person logged in
    #[arg(long, value_name = "NAME")]
    pub(super) by: Option<String>,
}

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Whom {
    /// A segment to send to; `list:NAME` for a press list; may be given several times
    #[arg(long = "to", value_name = "SEGMENT", num_args = 1..)]
    pub(super) to: Vec<String>,
    /// A segment to leave out
    #[arg(long = "not", value_name = "SEGMENT", num_args = 1..)]
    pub(super) not: Vec<String>,
    /// Also to those who have it already
    #[arg(long)]
    pub(super) again: bool,
}

#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct WhenArgs {
    /// Not before this time: 2026-11-30T09:00[Europe/Zurich], or '2026-11-30 09:00' on the newsroom's clock
    #[arg(long, value_name = "TIME", conflicts_with_all = ["at_local", "on_lift"])]
    pub(super) at: Option<String>,
    /// At this time of each contact's own clock: 09:00, or '2026-11-30 09:00'
    #[arg(long, value_name = "TIME", conflicts_with = "on_lift")]
    pub(super) at_local: Option<String>,
    /// At the lift, for holders of an embargo agreement too
    #[arg(long)]
    pub(super) on_lift: bool,
    /// Only in these local hours: 'mon-fri 08:00-20:00', or `always`; else the newsroom's
    #[arg(long, value_name = "WINDOW")]
    pub(super) window: Option<String>,
    /// Each further segment of --to starts so much later: 10m
    #[arg(long, value_name = "TIME", value_parser = crate::config::duration)]
    pub(super) wave_gap: Option<jiff::SignedDuration>,
    /// From this time on it is stale: what has not begun by then expires
    #[arg(long, value_name = "TIME")]
    pub(super) not_after: Option<String>,
}

impl From<WhenArgs> for When {
    fn from(args: WhenArgs) -> Self {
        Self {
            at: args.at,
            at_local: args.at_local,
            on_lift: args.on_lift,
            window: args.window,
            wave_gap: args.wave_gap,
            not_after: args.not_after,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct ApproveArgs {
    /// The release, by id or folder
    pub(super) release: String,
    /// A segment it is to go to; approval is for this audience
    #[arg(long = "to", value_name = "SEGMENT", num_args = 1..)]
    pub(super) to: Vec<String>,
    /// A segment to leave out
    #[arg(long = "not", value_name = "SEGMENT", num_args = 1..)]
    pub(super) not: Vec<String>,
    /// Who approves; else who is logged in
    #[arg(long, value_name = "NAME")]
    pub(super) by: Option<String>,
    /// Take note that a language is older than another, or missing
    #[arg(long)]
    pub(super) parity_ok: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Who {
    /// Why, for the log
    #[arg(long, value_name = "TEXT")]
    pub(super) why: String,
    /// Who does it; else who is logged in
    #[arg(long, value_name = "NAME")]
    pub(super) by: Option<String>,
}

/// A deed that must not wait for words.
#[derive(Debug, clap::Args)]
pub(super) struct DeedArgs {
    /// Its id, the beginning of it, or `latest`
    pub(super) distribution: String,
    /// Why, for the log
    #[arg(long, value_name = "TEXT", default_value = "no reason given")]
    pub(super) why: String,
    /// Who does it; else who is logged in
    #[arg(long, value_name = "NAME")]
    pub(super) by: Option<String>,
}

/// A notice in Dateline's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum NoticeArg {
    /// The release is withdrawn.
    Kill,
    /// The embargo has ended early.
    LiftedEarly,
    /// The embargo ends at another time.
    EmbargoMoved,
}

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["with", "notice"]))]
pub(super) struct CorrectArgs {
    /// The release that was received
    pub(super) release: String,
    /// The release that corrects it
    #[arg(long, value_name = "RELEASE")]
    pub(super) with: Option<String>,
    /// A notice instead, in the words of templates/i18n
    #[arg(long, value_enum)]
    pub(super) notice: Option<NoticeArg>,
    /// Also to those of whom nobody knows whether they have it
    #[arg(long)]
    pub(super) in_doubt: bool,
    /// Take note that a language is older than another, or missing
    #[arg(long)]
    pub(super) parity_ok: bool,
    /// Stay until every delivery is settled
    #[arg(long)]
    pub(super) wait: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum EmbargoCommand {
    /// End it now
    #[command(
        after_help = "Example:\n  dateline embargo lift latest --why 'the story broke elsewhere'"
    )]
    Lift {
        /// Its id, the beginning of it, or `latest`
        distribution: String,
        #[command(flatten)]
        who: Who,
    },
    /// End it at another time
    #[command(
        after_help = "Example:\n  dateline embargo move latest '2027-03-12T11:00[Asia/Almaty]' --why 'the hearing was put off'"
    )]
    Move {
        /// Its id, the beginning of it, or `latest`
        distribution: String,
        /// The new time, as for `send --at`: 2027-03-12T11:00[Asia/Almaty], or '2027-03-12 11:00' on the newsroom's clock
        time: String,
        #[command(flatten)]
        who: Who,
    },
}

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("party").required(true).args(["contact", "outlet"]))]
pub(super) struct PartyArgs {
    /// A contact's address
    #[arg(long, value_name = "EMAIL")]
    pub(super) contact: Option<String>,
    /// An outlet's name, as in the contact list
    #[arg(long, value_name = "NAME")]
    pub(super) outlet: Option<String>,
    /// For this release alone; else for all
    #[arg(long, value_name = "RELEASE")]
    pub(super) release: Option<String>,
    /// Where it can be found: a letter, a form
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(super) note: String,
    /// Who records it; else who is logged in
    #[arg(long, value_name = "NAME")]
    pub(super) by: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum AgreementCommand {
    /// Record that they agreed
    #[command(
        after_help = "Examples:\n  dateline agreement grant --contact anna@example.org --since 2026-11-01\n  dateline agreement grant --outlet 'Steppe Post' --note 'letter of 3 November'"
    )]
    Grant {
        #[command(flatten)]
        party: PartyArgs,
        /// Its first day
        #[arg(long, value_name = "DATE")]
        since: Option<jiff::civil::Date>,
        /// Its last day
        #[arg(long, value_name = "DATE")]
        until: Option<jiff::civil::Date>,
    },
    /// Record that it is over: planned early copies wait for the lift
    #[command(after_help = "Example:\n  dateline agreement revoke --contact anna@example.org")]
    Revoke {
        #[command(flatten)]
        party: PartyArgs,
    },
    /// List all words on record
    #[command(after_help = "Example:\n  dateline agreement list --format json")]
    List,
}

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Make an account; the password is asked for, or read as a line of standard input
    #[command(
        after_help = "Example:\n  dateline user add vera --role admin --full-name 'Vera Ivanova'"
    )]
    Add {
        /// What they sign in with, and what the log calls them
        name: String,
        /// What they may do
        #[arg(long, value_enum, default_value_t = RoleArg::Author)]
        role: RoleArg,
        /// How they are called
        #[arg(long, default_value = "", value_name = "TEXT")]
        full_name: String,
    },
    /// Show all accounts
    #[command(after_help = "Example:\n  dateline user list")]
    List,
    /// Give somebody another role
    #[command(after_help = "Example:\n  dateline user role ivan approver")]
    Role {
        /// Who
        name: String,
        /// What they may do
        #[arg(value_enum)]
        role: RoleArg,
    },
    /// Give somebody another password; their sessions end
    #[command(after_help = "Example:\n  dateline user password ivan")]
    Password {
        /// Who
        name: String,
    },
    /// Let somebody in no more; their sessions end
    #[command(after_help = "Example:\n  dateline user disable ivan")]
    Disable {
        /// Who
        name: String,
    },
    /// Let somebody in again
    #[command(after_help = "Example:\n  dateline user enable ivan")]
    Enable {
        /// Who
        name: String,
    },
    /// Take somebody's second factor away, where they lost it
    #[command(after_help = "Example:\n  dateline user reset-second-factor ivan")]
    ResetSecondFactor {
        /// Who
        name: String,
    },
    /// Show who did what at the desk, the newest first
    #[command(after_help = "Example:\n  dateline user acts --limit 20")]
    Acts {
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Make a token; its secret is shown once
    #[command(
        after_help = "Scopes: releases:read, releases:rehearse, releases:approve, releases:send, distributions:read, distributions:hold, distributions:steer, contacts:read, contacts:write, contacts:forget, log:read, accounts:write.\n\nExample:\n  dateline token add board --user vera --scope releases:read --expires '2027-01-31 18:00'"
    )]
    Add {
        /// What it is called
        name: String,
        /// Who acts by it: it does what they may, and no more
        #[arg(long, value_name = "USER")]
        user: String,
        /// What it is for; may be given several times
        #[arg(long, value_name = "SCOPE", required = true)]
        scope: Vec<String>,
        /// Until when, written as for `send --at`; at most a year, and 90 days where it is not said
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
    },
    /// Show all tokens, without their secrets
    #[command(after_help = "Example:\n  dateline token list --user vera")]
    List {
        /// Of this user alone
        #[arg(long, value_name = "USER")]
        user: Option<String>,
    },
    /// End a token: it opens nothing any more
    #[command(after_help = "Example:\n  dateline token revoke board")]
    Revoke {
        /// What it is called
        name: String,
    },
}

/// A role, as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum RoleArg {
    /// Writes, previews, rehearses, keeps contacts; may hold a distribution
    Author,
    /// Also approves, sends, resumes and kills
    Approver,
    /// Also keeps accounts
    Admin,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Author => Self::Author,
            RoleArg::Approver => Self::Approver,
            RoleArg::Admin => Self::Admin,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct ServeArgs {
    /// Where the desk, health and metrics are served, or `off`; else as the settings say
    #[arg(long, value_name = "ADDR", value_parser = listen)]
    pub(super) listen: Option<Listen>,
    /// How to log
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub(super) log_format: LogFormat,
}

fn catch_help() -> String {
    format!(
        "Example:\n  dateline catch --dir mailbox\n\n{}",
        crate::relay::catcher::faults_help()
    )
}

/// Where a service shows how it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listen {
    /// Here.
    On(SocketAddr),
    /// Nowhere.
    Off,
}

fn listen(text: &str) -> Result<Listen, String> {
    if text == "off" {
        return Ok(Listen::Off);
    }
    text.parse()
        .map(Listen::On)
        .map_err(|_| "expected an address and a port such as `127.0.0.1:9925`, or `off`".to_owned())
}

/// How the service logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

#[derive(Debug, clap::Args)]
pub(super) struct AudienceArgs {
    /// The release, by id or folder
    pub(super) release: String,
    #[command(flatten)]
    pub(super) whom: Whom,
    #[command(flatten)]
    pub(super) when: WhenArgs,
    /// Leave out those whom no segment selects
    #[arg(long)]
    pub(super) selected: bool,
}

/// A part of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Part {
    /// The subject line.
    Subject,
    /// The HTML, images included.
    Html,
    /// The plain text.
    Text,
    /// The whole message.
    Eml,
}

#[derive(Debug, clap::Args)]
pub(super) struct PreviewArgs {
    /// The release, by id or folder
    pub(super) release: String,
    /// The language; else the contact's, or the release's first
    #[arg(long, value_name = "LANG")]
    pub(super) lang: Option<String>,
    /// As this contact gets it
    #[arg(long, value_name = "EMAIL")]
    pub(super) to: Option<String>,
    #[command(flatten)]
    pub(super) when: WhenArgs,
    /// Only this part
    #[arg(long, value_enum)]
    pub(super) part: Option<Part>,
    /// Write the parts to files in this folder
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(super) struct SendArgs {
    /// The release, by id or folder
    pub(super) release: String,
    #[command(flatten)]
    pub(super) whom: Whom,
    /// Rehearse: every mail goes to a local catcher, no relay is spoken to, nothing is remembered
    #[arg(long)]
    pub(super) dry_run: bool,
    #[command(flatten)]
    pub(super) when: WhenArgs,
    /// Take note that a language is older than another, or missing
    #[arg(long)]
    pub(super) parity_ok: bool,
    /// Plan nothing unless there are exactly so many recipients
    #[arg(long, value_name = "NUMBER")]
    pub(super) expect: Option<u64>,
    /// Stay until every delivery is settled: retries, the lift
    #[arg(long, conflicts_with = "dry_run")]
    pub(super) wait: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct LogArgs {
    /// Its id, the beginning of it, or `latest`; else everything
    distribution: Option<String>,
    /// Only of deliveries to this address
    #[arg(long, value_name = "EMAIL")]
    contact: Option<String>,
    /// Only of deliveries to those who work for this outlet now: beginnings of words of its name
    #[arg(long, value_name = "NAME")]
    outlet: Option<String>,
    /// Only of this event: attempt, accepted, deferred, held
    #[arg(long, value_name = "NAME")]
    event: Option<String>,
    /// Only from this time on, written as that of send --at
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only before this time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

impl From<LogArgs> for SearchWords {
    fn from(args: LogArgs) -> Self {
        Self {
            distribution: args.distribution,
            contact: args.contact,
            outlet: args.outlet,
            event: args.event,
            since: args.since,
            until: args.until,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum LogCommand {
    /// Verify the whole log; names the first broken entry
    #[command(after_help = "Example:\n  dateline log verify --format json")]
    Verify {
        /// A hash that an earlier verification printed: it must still be in the chain
        #[arg(long, value_name = "HASH")]
        head: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum InDoubtCommand {
    /// List them
    #[command(after_help = "Example:\n  dateline in-doubt list")]
    List {
        /// Of one distribution
        distribution: Option<String>,
    },
    /// Send one again, under the same Message-ID; `dateline send` then takes it up
    #[command(after_help = "Example:\n  dateline in-doubt resend dlv_…")]
    Resend {
        /// The delivery
        delivery: String,
    },
    /// Say how one ended
    #[command(after_help = "Example:\n  dateline in-doubt settle dlv_… --arrived")]
    Settle {
        /// The delivery
        delivery: String,
        /// It arrived
        #[arg(long, conflicts_with = "lost", required_unless_present = "lost")]
        arrived: bool,
        /// It did not arrive, and is not to be sent again
        #[arg(long)]
        lost: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum BounceCommand {
    /// Take in bounces, complaints and auto-replies; the same report counts once
    #[command(
        after_help = "Examples:\n  dateline bounce ingest < report.eml\n  dateline bounce ingest /var/mail/bounces ~/Maildir"
    )]
    Ingest {
        /// Messages, mbox files or Maildir folders; `-` or none: standard input
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Fetch what is in the mailbox of [bounces.imap], and take it in
    #[command(after_help = "Example:\n  dateline bounce fetch")]
    Fetch,
    /// List what came back, the newest first
    #[command(
        after_help = "Examples:\n  dateline bounce list --limit 20\n  dateline bounce list --search gazette.example --kind hard"
    )]
    List {
        /// Those of addresses that hold this text
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// Those that say this: hard, soft, complaint, opt-out, delayed, delivered, auto-reply, challenge
        #[arg(long, value_name = "KIND", value_parser = crate::domain::bounce_search::BounceSearch::finding)]
        kind: Option<&'static str>,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Print a report as it came
    #[command(after_help = "Example:\n  dateline bounce show 3f6c…")]
    Show {
        /// Its name, as the list and the log have it
        report: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum RelayCommand {
    /// Tell what it announces and how the way to it is protected, and send it a probe
    #[command(
        after_help = "Examples:\n  dateline relay test main\n  dateline relay test main --to postmaster@example.org"
    )]
    Test {
        /// Its name in dateline.toml
        name: String,
        /// Where the probe goes; else to the newsroom's own address
        #[arg(long, value_name = "EMAIL", conflicts_with = "no_probe")]
        to: Option<String>,
        /// Send no probe
        #[arg(long)]
        no_probe: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum DkimCommand {
    /// Make a key in a new file; print its DNS record and the lines for dateline.toml
    #[command(
        after_help = "Examples:\n  dateline dkim keygen --out keys/rsa.pem\n  dateline dkim keygen --algorithm ed25519 --selector press2027 --out keys/ed25519.pem"
    )]
    Keygen(KeygenArgs),
    /// Print the DNS records of the keys in dateline.toml
    #[command(after_help = "Example:\n  dateline dkim record --format json")]
    Record,
}

/// What a key signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum AlgorithmArg {
    /// Known to every verifier.
    Rsa,
    /// Quicker and shorter; not known to all, so beside an RSA key.
    Ed25519,
}

#[derive(Debug, clap::Args)]
pub(super) struct KeygenArgs {
    /// Names the key in DNS; else its algorithm and this month
    #[arg(long)]
    pub(super) selector: Option<String>,
    /// Which kind of key
    #[arg(long, value_enum, default_value_t = AlgorithmArg::Rsa)]
    pub(super) algorithm: AlgorithmArg,
    /// How long an RSA key is: 2048, 3072 or 4096; else 2048
    #[arg(long)]
    pub(super) bits: Option<usize>,
    /// The domain it is for; else newsroom.domain
    #[arg(long)]
    pub(super) domain: Option<String>,
    /// The file to make, readable by its owner alone
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(super) enum StoreCommand {
    /// Copy everything into a new store, and compare it row by row
    #[command(
        after_help = "A URL is `sqlite:FILE`, relative to the workspace, or `postgres://USER@HOST:PORT/DATABASE`. A password\nnever stands in it: it is the configured one where dateline.toml names that very store, else that of the\nenvironment variable DATELINE_STORE_PASSWORD.\n\nExamples:\n  dateline store copy sqlite:dateline.db postgres://press@db.example/newsroom\n  dateline store copy postgres://press@db.example/newsroom sqlite:backup.db"
    )]
    Copy {
        /// The store to read; it stays as it is
        from: String,
        /// The store to write; new or empty
        to: String,
        /// Even if workers may be at work on it: what they do from now on is not in the copy
        #[arg(long)]
        force: bool,
    },
    /// Show which store it is, what it holds, and whether its log verifies
    #[command(after_help = "Example:\n  dateline store check --format json")]
    Check,
}

#[derive(Debug, clap::Args)]
pub(super) struct CatchArgs {
    /// Where to listen; this machine alone
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:2525")]
    pub(super) listen: SocketAddr,
    /// Where mails are written
    #[arg(long, value_name = "DIR", default_value = "mailbox")]
    pub(super) dir: PathBuf,
    /// Play no faults
    #[arg(long)]
    pub(super) no_faults: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn each(command: &clap::Command, look: &mut impl FnMut(&clap::Command)) {
        look(command);
        for sub in command.get_subcommands() {
            each(sub, look);
        }
    }

    #[test]
    fn every_command_shows_an_example() {
        let mut without = Vec::new();
        for command in Args::command().get_subcommands() {
            each(command, &mut |command| {
                let help = command.get_after_help().map(ToString::to_string);
                if !help.is_some_and(|help| help.contains("dateline ")) {
                    without.push(command.get_name().to_owned());
                }
            });
        }
        assert!(without.is_empty(), "{without:?}");
    }

    #[test]
    fn listening_may_be_off() {
        assert_eq!(listen("off"), Ok(Listen::Off));
        assert!(matches!(listen("127.0.0.1:0"), Ok(Listen::On(_))));
        assert!(listen("9925").unwrap_err().contains("or `off`"));
    }
}
