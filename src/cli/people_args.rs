//! What can be written on the command line about the people who are written to:
//! edits of contacts, bars on addresses, segments.

use crate::domain::suppression::SuppressionReason;
use clap::{Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Default, clap::Args)]
pub(super) struct FindArgs {
    /// Beginnings of words in their address, name or outlet
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(super) search: String,
    /// Who stands on this press list
    #[arg(long, value_name = "NAME")]
    pub(super) list: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct EditArgs {
    /// Their address
    pub(super) email: String,
    /// FIELD=VALUE; languages, beats and lists also take += and -=; a column of your own is custom.COLUMN
    #[arg(value_name = "FIELD=VALUE")]
    pub(super) fields: Vec<String>,
    /// Who does it; else who is logged in
    #[arg(long, value_name = "NAME")]
    pub(super) by: Option<String>,
}

/// Why an address is barred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ReasonArg {
    /// They asked not to be written to.
    OptOut,
    /// The mailbox does not exist.
    HardBounce,
    /// Mail to it kept bouncing.
    SoftBounces,
    /// Their provider reported a complaint.
    Complaint,
    /// The newsroom's own decision.
    Manual,
    /// Their data were erased.
    Erasure,
}

impl From<ReasonArg> for SuppressionReason {
    fn from(reason: ReasonArg) -> Self {
        match reason {
            ReasonArg::OptOut => Self::OptOut,
            ReasonArg::HardBounce => Self::HardBounce,
            ReasonArg::SoftBounces => Self::SoftBounces,
            ReasonArg::Complaint => Self::Complaint,
            ReasonArg::Manual => Self::Manual,
            ReasonArg::Erasure => Self::Erasure,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct BarSearch {
    /// Only bars for this reason
    #[arg(long, value_enum)]
    pub(super) reason: Option<ReasonArg>,
    /// A part of the address
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(super) search: String,
}

#[derive(Debug, Subcommand)]
pub(super) enum SuppressionCommand {
    /// Bar addresses: nothing more is sent to them, what is planned included
    #[command(
        after_help = "Example:\n  dateline suppression add anna@example.org --reason opt-out --why 'asked by telephone'"
    )]
    Add {
        /// The addresses
        #[arg(required = true)]
        emails: Vec<String>,
        /// What kind of bar
        #[arg(long, value_enum, default_value_t = ReasonArg::Manual)]
        reason: ReasonArg,
        /// Why, for the record
        #[arg(long, value_name = "TEXT")]
        why: String,
        /// Who does it; else who is logged in
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// Lift the bar on an address: it may be written to again
    #[command(
        after_help = "Example:\n  dateline suppression lift anna@example.org --why 'wrote that she wants our releases again'"
    )]
    Lift {
        /// The address
        email: String,
        /// It was forgotten because its owner asked for it, and asks to be written to again
        #[arg(long)]
        forgotten: bool,
        /// Why, for the record
        #[arg(long, value_name = "TEXT")]
        why: String,
        /// Who does it; else who is logged in
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// List barred addresses
    #[command(after_help = "Example:\n  dateline suppression list --reason complaint")]
    List(BarSearch),
    /// Write barred addresses as CSV
    #[command(after_help = "Example:\n  dateline suppression export suppressed.csv")]
    Export {
        /// The file to write; else standard output
        file: Option<PathBuf>,
        #[command(flatten)]
        search: BarSearch,
    },
    /// Bar every address of a file: CSV as export writes it, or one address a line
    #[command(after_help = "Example:\n  dateline suppression import suppressed.csv --dry-run")]
    Import {
        /// The file, in any usual encoding
        file: PathBuf,
        /// Only say what would change
        #[arg(long)]
        dry_run: bool,
        /// Who does it; else who is logged in
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum SegmentsCommand {
    /// Show segments and press lists, and how many contacts are in each
    #[command(after_help = "Example:\n  dateline segments list")]
    List,
    /// Save one more segment into segments.toml
    #[command(
        after_help = "Examples:\n  dateline segments save kyrgyz-radio --where \"contact.country == 'KG' && 'radio' in contact.lists\"\n  dateline segments save first-wave --to central-asia list:radio --not wires"
    )]
    Save {
        /// Its name: letters, digits, `-` and `_`
        name: String,
        /// Its rule, in CEL over `contact`
        #[arg(
            long = "where",
            value_name = "RULE",
            conflicts_with_all = ["to", "not"],
            required_unless_present = "to"
        )]
        rule: Option<String>,
        /// Whoever is in one of these segments; `list:NAME` for a press list
        #[arg(long, value_name = "SEGMENT", num_args = 1..)]
        to: Vec<String>,
        /// But in none of these
        #[arg(long, value_name = "SEGMENT", num_args = 1.., requires = "to")]
        not: Vec<String>,
        /// Who does it; else who is logged in
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
}
