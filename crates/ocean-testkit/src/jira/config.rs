//! How large is the simulated site, and which of Jira's limits and rules does it keep?

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::data::dice::{Dice, Stream};

/// The data of a site: everything the site contains at its start follows from these numbers.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SiteConfig {
    /// Two sites with the same seed and sizes answer with the same bytes.
    pub seed: u64,
    /// Number of projects; at least one.
    pub projects: usize,
    /// Number of issues, dealt out to the projects in turn.
    pub issues: u64,
    /// Number of users, apps included; at least one.
    pub users: usize,
    /// Number of teams.
    pub teams: usize,
    /// How many of its worklogs an issue shows at most; all of them are a listing of their own.
    pub worklogs_in_issues: usize,
    /// The organization whose teams the site knows.
    pub organization: String,
    /// The address in every `self` link. It is fixed by default, so that two runs on different
    /// ports give the same entities.
    pub site_url: String,
    /// What relative JQL dates count from, in milliseconds since the epoch; a seeded instant in
    /// January 2026 if not set.
    pub now: Option<i64>,
}

impl Default for SiteConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            projects: 100,
            issues: 1_000,
            users: 500,
            teams: 20,
            worklogs_in_issues: 20,
            organization: "twin-org".to_owned(),
            site_url: "https://twin.atlassian.net".to_owned(),
            now: None,
        }
    }
}

impl SiteConfig {
    /// The instant at which the site starts, in milliseconds since the epoch.
    #[must_use]
    pub fn start(&self) -> i64 {
        self.now.unwrap_or_else(|| {
            let midnight = Timestamp::constant(1_768_435_200, 0).as_millisecond();
            let minutes = Dice::new(self.seed, Stream::Change, 0).below(1_440);
            midnight + minutes as i64 * 60_000
        })
    }
}

/// The rules by which the simulated Jira answers.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Rules {
    /// Basic credentials that are accepted; nothing is checked if there are neither these nor
    /// bearer tokens.
    pub basic: Option<(String, String)>,
    /// Bearer tokens that are accepted.
    pub bearer: Vec<String>,
    /// Most items of one page. Searches for nothing but ids and keys are cut at 5,000 instead.
    pub max_page: usize,
    /// Most accounts, teams or members of a team on one page. Teams come at most ten at a time, and
    /// members fifty.
    pub max_people_page: usize,
    /// True: a search for a key nobody has is refused with 400, as Jira does for signed-in users.
    /// False (the default): it finds nothing, as Jira does when it validates leniently.
    pub unknown_key_is_error: bool,
    /// Whether the caller has the permission `ADMINISTER`.
    pub administrator: bool,
    /// Rate limit, if there is one.
    pub rate_limit: Option<RateLimit>,
    /// How changes are sent to the registered webhooks.
    pub delivery: DeliveryRules,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            basic: Some(("twin@example.com".to_owned(), "twin-token".to_owned())),
            bearer: Vec::new(),
            max_page: 100,
            max_people_page: 1_000,
            unknown_key_is_error: false,
            administrator: true,
            rate_limit: None,
            delivery: DeliveryRules::default(),
        }
    }
}

/// How changes are sent to the registered webhooks.
///
/// `GET /__twin/delivery` tells them with the counts of events, `POST /__twin/delivery` sets those
/// that it names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct DeliveryRules {
    /// Whether they are sent at all; what happens while they are not is never sent.
    pub enabled: bool,
    /// How many calls may be under way. With one, first attempts arrive in the order of the
    /// changes.
    pub concurrency: usize,
    /// How often a call is made again that was not answered, or with 408, 409, 425, 429 or 5xx.
    pub retries: u32,
    /// How long before a call is made again, unless the answer asks for more in `Retry-After`.
    pub retry_delay_ms: u64,
    /// What of a `Retry-After` is heeded at most.
    pub longest_delay_ms: u64,
    /// How long a receiver may take to answer.
    pub patience_ms: u64,
    /// Every event whose number is divisible by this one is sent twice, under the same
    /// identifier; none with 0.
    pub duplicate_every: u64,
    /// The next event is drawn at random from so many that wait; with 0 or 1 the oldest is next.
    pub shuffle: usize,
}

impl Default for DeliveryRules {
    /// Jira's own rules, but for the delays: it waits for minutes.
    fn default() -> Self {
        Self {
            enabled: true,
            concurrency: 1,
            retries: 5,
            retry_delay_ms: 100,
            longest_delay_ms: 1_000,
            patience_ms: 5_000,
            duplicate_every: 0,
            shuffle: 0,
        }
    }
}

/// A limit of requests for each window of time, announced in the `x-ratelimit-*` headers.
#[derive(Clone, Copy, Debug)]
pub struct RateLimit {
    /// Requests allowed in a window.
    pub limit: u64,
    /// Length of a window.
    pub window: Duration,
    /// Whether requests over the limit are refused with 429; if not, only the headers say so.
    pub enforce: bool,
}
