//! Which fault, if any, hits this request? [`Faults`] holds the running plan and its counters.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Action, FaultPlan, Rule};
use crate::message::Request;

/// The running plan of a server. Clones share it; changes take effect with the next request.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    shared: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    seed: u64,
    latency: Duration,
    rules: Vec<Counted>,
    fired: u64,
}

#[derive(Debug)]
struct Counted {
    rule: Rule,
    matched: u64,
    fired: u64,
}

impl Counted {
    fn new(rule: Rule) -> Self {
        Self {
            rule,
            matched: 0,
            fired: 0,
        }
    }
}

impl Faults {
    /// Drops the running plan with its counters and starts this one.
    pub fn replace(&self, plan: FaultPlan) {
        *self.state() = State {
            seed: plan.seed,
            latency: Duration::from_millis(plan.latency_ms),
            rules: plan.rules.into_iter().map(Counted::new).collect(),
            fired: 0,
        };
    }

    /// Adds a rule behind the others.
    pub fn add(&self, rule: Rule) {
        self.state().rules.push(Counted::new(rule));
    }

    /// Removes all rules and the latency.
    pub fn clear(&self) {
        self.replace(FaultPlan::default());
    }

    /// Makes every call take at least this long.
    pub fn set_latency(&self, latency: Duration) {
        self.state().latency = latency;
    }

    /// How many faults were applied since the plan was set.
    #[must_use]
    pub fn fired(&self) -> u64 {
        self.state().fired
    }

    pub(crate) fn latency(&self) -> Duration {
        self.state().latency
    }

    /// The action of the first rule that fires for this request.
    pub(crate) fn pick(&self, request: &Request) -> Option<Action> {
        let mut state = self.state();
        let seed = state.seed;
        let action = state
            .rules
            .iter_mut()
            .enumerate()
            .find_map(|(at, counted)| counted.fire(seed, at as u64, request))?;
        state.fired += 1;
        Some(action)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    fn fire(&mut self, seed: u64, position: u64, request: &Request) -> Option<Action> {
        if self.rule.times.is_some_and(|times| self.fired >= times) || !self.rule.matches(request) {
            return None;
        }
        self.matched += 1;
        if self.matched <= self.rule.skip {
            return None;
        }
        if let Some(share) = self.rule.probability
            && draw(seed, position, self.matched) >= share
        {
            return None;
        }
        self.fired += 1;
        Some(self.rule.action.clone())
    }
}

/// A number from 0 to below 1 that depends on nothing but its arguments (SplitMix64), so that the
/// n-th match of a rule fares the same in every run, however requests interleave.
fn draw(seed: u64, position: u64, matched: u64) -> f64 {
    let mut x = seed ^ position.wrapping_mul(0xA24B_AED4_963E_E407);
    x = x.wrapping_add(matched.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((x ^ (x >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use http::{Method, Uri};

    use super::*;

    fn request(body: &'static str) -> Request {
        Request::local(
            Method::POST,
            Uri::from_static("/v1/entities/bulk?a=1"),
            body,
        )
    }

    fn pattern(faults: &Faults, count: usize) -> Vec<bool> {
        (0..count)
            .map(|_| faults.pick(&request("PORT-1")).is_some())
            .collect()
    }

    fn only(rule: Rule) -> Faults {
        let faults = Faults::default();
        faults.add(rule);
        faults
    }

    #[test]
    fn skip_and_times_choose_the_matches() {
        let faults = only(Rule::new(Action::Reset).skip(1).times(2));
        assert_eq!(pattern(&faults, 5), [false, true, true, false, false]);
        assert_eq!(faults.fired(), 2);
    }

    #[test]
    fn every_condition_must_hold() {
        let hits = |rule: Rule| only(rule).pick(&request("PORT-1")).is_some();
        let rule = || Rule::new(Action::Reset);
        assert!(hits(
            rule()
                .method("POST")
                .path("bulk?a")
                .path_prefix("/v1")
                .body("RT-1")
        ));
        assert!(!hits(rule().method("GET")));
        assert!(!hits(rule().path("/single")));
        assert!(!hits(rule().path_prefix("/entities")));
        assert!(!hits(rule().body("PORT-2")));
        assert!(hits(
            rule().when(|request| request.path().ends_with("bulk"))
        ));
        assert!(!hits(rule().when(|_| false)));
    }

    #[test]
    fn the_first_rule_that_fires_wins() {
        let faults = only(Rule::new(Action::Hang).times(1));
        faults.add(Rule::new(Action::Reset));
        let names = [(); 2].map(|()| faults.pick(&request("")).unwrap().name());
        assert_eq!(names, ["hang", "reset"]);
    }

    #[test]
    fn probability_depends_on_the_seed_alone() {
        let run = |seed| {
            let faults = Faults::default();
            let rules = vec![Rule::new(Action::Reset).probability(0.3)];
            faults.replace(FaultPlan {
                seed,
                latency_ms: 0,
                rules,
            });
            pattern(&faults, 1_000)
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
        let hits = run(1).into_iter().filter(|hit| *hit).count();
        assert!((250..350).contains(&hits), "{hits}");
    }
}
