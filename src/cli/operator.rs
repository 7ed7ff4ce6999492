//! Who sits at this terminal, for the log.

/// The name given, else that of the person logged in.
pub(super) fn operator(given: Option<String>) -> String {
    let logged_in = || {
        std::env::var("USER")
            .or_else(|_| std::env::var("LOGNAME"))
            .ok()
    };
    given
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .or_else(logged_in)
        .unwrap_or_else(|| "operator".to_owned())
}
