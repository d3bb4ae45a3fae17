//! Do live events reach this integration?

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use ocean_core::http::{Deadlines, HttpClient, HttpError, RetryPolicy};

use crate::desk::Desk;
use crate::display::doctor::Check;
use crate::environment::Environment;

const NAME: &str = "webhook";

/// How long the process may take to say that it is alive; the original's probes grant less.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks the address at which live events are expected, as their senders would reach it.
pub(super) async fn check(desk: &Desk, environment: &Environment, checks: &mut Vec<Check>) {
    if !desk.settings.event_listener.should_process_webhooks {
        checks.push(Check::note(
            NAME,
            "the event listener does not process webhooks",
        ));
        return;
    }
    let Some(url) = desk.settings.public_url() else {
        checks.push(
            Check::note(NAME, "there are no live events, only resyncs")
                .remedy("set OCEAN__BASE_URL to the address at which this process can be reached"),
        );
        return;
    };
    if !url.starts_with("https://") {
        checks.push(
            Check::note(NAME, format!("live events come unencrypted to {url}"))
                .remedy("set OCEAN__BASE_URL to an https address"),
        );
    }
    checks.push(answers(desk, environment, &url).await);
}

async fn answers(desk: &Desk, environment: &Environment, url: &str) -> Check {
    let health = format!("{}/health/live", url.trim_end_matches('/'));
    match ask(desk, environment, &health).await {
        Ok(StatusCode::OK) => Check::good(NAME, format!("{url} leads to a process that is alive")),
        // A gateway in front of nothing.
        Ok(status) if matches!(status.as_u16(), 502..=504) => {
            let told = format!("{health} is answered with {status}: no process runs behind it");
            Check::note(NAME, told).remedy("if one does, check what stands in front of it")
        }
        Ok(status) => {
            let told = format!("{health} is answered with {status}, so not by this integration");
            Check::fault(NAME, told).remedy(
                "let OCEAN__BASE_URL, with OCEAN__PATH_PREFIX if there is one, lead to the port \
                 that the process listens on",
            )
        }
        Err(error) => {
            let error = ocean_core::error_chain(&error);
            Check::note(NAME, format!("nobody answers from here: {error}")).remedy(
                "if a process runs, check name, gateway and firewall between its senders and it",
            )
        }
    }
}

async fn ask(desk: &Desk, environment: &Environment, url: &str) -> Result<StatusCode, HttpError> {
    let deadlines = Deadlines::default().connect(PATIENCE).total(PATIENCE);
    let mut client = HttpClient::builder(NAME)
        .proxies(environment.proxies())
        .verify_tls(desk.settings.ssl.third_party.verify)
        .deadlines(deadlines)
        .follow_redirects(false)
        .masker(desk.masker.clone())
        .retry(RetryPolicy::default().max_attempts(1));
    // Whatever is wrong with the file was told when the other clients were made.
    if let Ok(Some(pem)) = environment.authorities() {
        client = client.only_ca_pem(pem);
    }
    let client = client.build()?;
    // A URL that cannot be asked is one that senders cannot use either.
    let request = Request::get(url).body(Bytes::new()).unwrap_or_default();
    let answer = client.send_any_status(request).await?;
    Ok(answer.status())
}
