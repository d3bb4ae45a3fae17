//! Is what passes tried again, and what stays told and not believed?

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ocean_core::Outcome;
use serde_json::Value;

use super::aftermath::Aftermath;
use super::asked::Resource;
use super::rig::Rig;
use super::verdict::{Kept, Not, Verdict, none};
use crate::fault::{Action, Rule};
use crate::journal::Entry;
use crate::proxy::Exchange;

const GROUP: &str = "broken";

/// What a server announces in whole seconds; a little less is allowed for the clock.
const PAUSE: (&str, Duration) = ("1", Duration::from_millis(950));

/// How often one kind may make one request that fails: nearly twice as often as the client does.
const MOST: usize = 20;

pub(super) async fn check(rig: &Rig, verdict: &mut Verdict) {
    for (promise, fault) in passing() {
        verdict.add(GROUP, promise, passes(rig, &fault).await);
    }
    let obeyed = "a 429 is obeyed: nothing is asked for as long as it says";
    verdict.add(GROUP, obeyed, obeys(rig).await);
    for (promise, fault) in staying() {
        verdict.add(GROUP, promise, stays(rig, &fault).await);
    }
    let refused = "a 401 means that the credentials are refused";
    verdict.add(GROUP, refused, ends(rig, 401, Outcome::Unauthorized).await);
    let forbidden = "a 403 for everything is told and deletes nothing";
    verdict.add(GROUP, forbidden, ends(rig, 403, Outcome::Incomplete).await);
    let missing = "a 404 for everything is told and deletes nothing";
    verdict.add(GROUP, missing, ends(rig, 404, Outcome::Incomplete).await);
    verdict.add(
        GROUP,
        "what fails is asked for a bounded number of times",
        bounded(rig).await,
    );
    verdict.add(
        GROUP,
        "a kind that fails does not stop the others",
        apart(rig).await,
    );
    let half = "a source that fails now and then gives the same catalog";
    verdict.add(GROUP, half, flaky(rig).await);
}

/// What is wrong once and right when it is tried again.
fn passing() -> [(&'static str, Action); 5] {
    [
        ("a 503 that passes is made good", Action::status(503)),
        ("a 500 that passes is made good", Action::status(500)),
        ("a connection that breaks is made good", Action::Reset),
        (
            "an answer that is cut off is made good",
            Action::CutContentLength,
        ),
        (
            "an answer in small pieces is read to its end",
            Action::Drip {
                bytes: 4096,
                every_ms: 1,
            },
        ),
    ]
}

/// What is wrong whenever it is tried.
fn staying() -> [(&'static str, Action); 5] {
    let page = |content_type: &str, text: &str| Action::Body {
        content_type: content_type.to_owned(),
        text: text.to_owned(),
    };
    [
        (
            "a 503 that stays is told and deletes nothing",
            Action::status(503),
        ),
        (
            "half an answer is told and deletes nothing",
            Action::CutContentLength,
        ),
        (
            "JSON that is none is told and deletes nothing",
            page("application/json", "[{\"id\": 1}, {\"id\""),
        ),
        (
            "a login page in place of JSON is told and deletes nothing",
            page("text/html", "<html><title>Sign in</title></html>"),
        ),
        (
            "an answer without its items is told and deletes nothing",
            page("application/json", "{}"),
        ),
    ]
}

/// Breaks the first request of each shape once, all in one run.
async fn passes(rig: &Rig, fault: &Action) -> Kept {
    let rules = rig
        .asked
        .shapes()
        .into_iter()
        .map(|exchange| to(exchange, fault).times(1));
    let after = rig.under(rules.collect::<Vec<_>>()).await?;
    after.is_made_good("once").map_err(Not::kept)
}

/// Breaks all requests of one shape, one shape after the other.
async fn stays(rig: &Rig, fault: &Action) -> Kept {
    let faults = rig.asked.shapes().into_iter();
    let faults = faults.map(|exchange| (exchange.path().to_owned(), to(exchange, fault)));
    rig.under_each(faults, Aftermath::is_told).await
}

fn to(exchange: &Exchange, fault: &Action) -> Rule {
    Rule::new(fault.clone())
        .method(exchange.method.as_str())
        .path_prefix(exchange.path())
}

async fn ends(rig: &Rig, status: u16, expected: Outcome) -> Kept {
    let after = rig.under([Rule::new(Action::status(status))]).await?;
    after.is_told("everywhere").map_err(Not::kept)?;
    if after.outcome == expected {
        return Ok(());
    }
    Err(Not::kept(format!("the resync ended {:?}", after.outcome)))
}

async fn obeys(rig: &Rig) -> Kept {
    let (seconds, pause) = PAUSE;
    let limited = Action::Status {
        code: 429,
        headers: BTreeMap::from([("retry-after".to_owned(), seconds.to_owned())]),
        body: Value::Null,
    };
    let after = rig.under([Rule::new(limited).times(1)]).await?;
    let asked = rig.proxy.journal().requests();
    let limited = asked.iter().find(|entry| entry.fault.is_some());
    let told: Instant = match limited.and_then(|entry| entry.ended) {
        Some(told) => told,
        None => return Err(Not::asked("no request met the limit")),
    };
    // Requests that were on their way already are nobody's fault.
    let on_their_way = told + Duration::from_millis(50);
    let early = asked.iter().filter(|entry| entry.started > on_their_way);
    let early = early.filter(|entry| entry.started < told + pause).count();
    if early > 0 {
        return Err(Not::kept(format!(
            "{early} requests came within the second"
        )));
    }
    after.is_made_good("after the pause").map_err(Not::kept)
}

/// Retries on top of retries multiply.
async fn bounded(rig: &Rig) -> Kept {
    let faults = rig.asked.shapes().into_iter();
    let faults = faults.map(|exchange| {
        (
            exchange.path().to_owned(),
            to(exchange, &Action::status(503)),
        )
    });
    rig.under_each(faults, |_, path| match most_tries(rig) {
        tries if tries > MOST => Err(format!("{path} was asked for {tries} times by one kind")),
        _ => Ok(()),
    })
    .await
}

/// How often one kind made one request since the journal was opened.
fn most_tries(rig: &Rig) -> usize {
    let mut same: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for entry in rig.proxy.journal().requests() {
        let body = String::from_utf8_lossy(&entry.body).into_owned();
        let request = format!("{} {} {body}", entry.method, entry.uri);
        same.entry(request).or_default().push(entry);
    }
    let tries = same.into_values().map(|tries| {
        let askers = rig.asked.askers(tries.first()).len().max(1);
        tries.len().div_ceil(askers)
    });
    tries.max().unwrap_or_default()
}

/// Breaks what one kind asks for and no other does.
async fn apart(rig: &Rig) -> Kept {
    let (mut asked, mut stopped) = (0, Vec::new());
    for Resource { kind, exchanges } in &rig.asked.resources {
        let others = || rig.asked.resources.iter().filter(|one| one.kind != *kind);
        let is_own = |own: &&Exchange| {
            let mut foreign = others().flat_map(|one| &one.exchanges);
            !foreign.any(|foreign| foreign.path().starts_with(own.path()))
        };
        let Some(own) = exchanges.iter().find(is_own) else {
            continue;
        };
        let after = rig.under([to(own, &Action::status(400))]).await?;
        asked += 1;
        stopped.extend(after.lost_nothing(kind).err());
        for resource in &after.report.resources {
            if resource.kind != *kind && !resource.incomplete.is_empty() {
                stopped.push(format!("`{kind}` took `{}` along", resource.kind));
            }
        }
    }
    if asked == 0 {
        return Err(Not::asked("every path is asked for by several kinds"));
    }
    none(stopped)
}

async fn flaky(rig: &Rig) -> Kept {
    let share = |action, share| Rule::new(action).probability(share);
    let rules = [
        share(Action::status(503), 0.1),
        share(Action::Reset, 0.05),
        share(Action::CutContentLength, 0.05),
    ];
    let after = rig.under(rules).await?;
    match after.outcome {
        Outcome::Completed => after.is_made_good("with 20 % faults").map_err(Not::kept),
        _ => after.lost_nothing("with 20 % faults").map_err(Not::kept),
    }
}
