//! A Jira and a Port on this machine, for `demo` and `twin`.

mod live;
mod model;
mod world;

use std::io;
use std::net::SocketAddr;

use async_trait::async_trait;
use ocean_cli::{Simulation, Twin, TwinOptions, World};
use ocean_testkit::jira::{JiraTwin, JiraTwinBuilder};
use ocean_testkit::port::PortTwin;
use ocean_testkit::{FaultPlan, Faults, JournalMode};

use self::world::JiraWorld;

/// The account that the simulated Jira knows.
const EMAIL: &str = "twin@example.com";
const TOKEN: &str = "twin-token";
const ORGANIZATION: &str = "twin-org";

/// The credentials that the simulated Port knows.
const CLIENT_ID: &str = "twin-client";
const CLIENT_SECRET: &str = "twin-secret";

/// Issues per project, up to [`MOST_PROJECTS`] projects.
const ISSUES_PER_PROJECT: u64 = 10;
const MOST_PROJECTS: u64 = 100;

/// Issues per user, up to [`MOST_USERS`] users.
const ISSUES_PER_USER: u64 = 2;
const MOST_USERS: u64 = 500;

/// Issues per team, up to [`MOST_TEAMS`] teams.
const ISSUES_PER_TEAM: u64 = 25;
const MOST_TEAMS: u64 = 20;

/// The simulators of the testkit.
#[derive(Debug)]
pub(crate) struct JiraSimulation;

#[async_trait]
impl Simulation for JiraSimulation {
    async fn start_port(&self, options: &TwinOptions) -> io::Result<Box<dyn Twin>> {
        let twin = start_port(options.addr).await?;
        misbehave(twin.faults(), options)?;
        Ok(Box::new(SimulatedPort(twin)))
    }

    async fn start_source(&self, options: &TwinOptions) -> io::Result<Box<dyn Twin>> {
        let twin = site(options.items, options.seed).addr(options.addr);
        let twin = twin.start().await?;
        misbehave(twin.faults(), options)?;
        Ok(Box::new(SimulatedJira(twin)))
    }

    async fn start_world(&self, items: u64, seed: u64) -> io::Result<Box<dyn World>> {
        let port = start_port(([127, 0, 0, 1], 0).into()).await?;
        let jira = site(items, seed).start().await?;
        // A journal of every request would become the largest thing in memory.
        port.journal().set_mode(JournalMode::Counts);
        jira.journal().set_mode(JournalMode::Counts);
        Ok(Box::new(JiraWorld::new(
            SimulatedJira(jira),
            SimulatedPort(port),
        )))
    }
}

/// A site with as many projects, users and teams as suit its issues.
fn site(issues: u64, seed: u64) -> JiraTwinBuilder {
    let one_for_every = |few: u64, most: u64| {
        let count = (issues / few).clamp(1, most);
        usize::try_from(count).unwrap_or(1)
    };
    JiraTwin::builder()
        .seed(seed)
        .issues(issues)
        .projects(one_for_every(ISSUES_PER_PROJECT, MOST_PROJECTS))
        .users(one_for_every(ISSUES_PER_USER, MOST_USERS))
        .teams(one_for_every(ISSUES_PER_TEAM, MOST_TEAMS))
}

async fn start_port(addr: SocketAddr) -> io::Result<PortTwin> {
    let port = PortTwin::builder().client(CLIENT_ID, CLIENT_SECRET);
    port.addr(addr).start().await
}

fn misbehave(faults: &Faults, options: &TwinOptions) -> io::Result<()> {
    if let Some(plan) = &options.faults {
        let plan: FaultPlan = serde_json::from_str(plan)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        faults.replace(plan);
    }
    if !options.latency.is_zero() {
        faults.set_latency(options.latency);
    }
    Ok(())
}

#[derive(Debug)]
struct SimulatedJira(JiraTwin);

impl Twin for SimulatedJira {
    fn url(&self) -> String {
        self.0.url()
    }

    fn variables(&self) -> Vec<(String, String)> {
        let url = self.0.url();
        let variables = [
            ("JIRA_HOST", url.as_str()),
            ("ATLASSIAN_USER_EMAIL", EMAIL),
            ("ATLASSIAN_USER_TOKEN", TOKEN),
            ("ATLASSIAN_ORGANIZATION_ID", ORGANIZATION),
        ];
        variables
            .map(|(name, value)| {
                let name = format!("OCEAN__INTEGRATION__CONFIG__{name}");
                (name, value.to_owned())
            })
            .into()
    }

    fn requests(&self) -> usize {
        self.0.journal().len()
    }
}

#[derive(Debug)]
struct SimulatedPort(PortTwin);

impl Twin for SimulatedPort {
    fn url(&self) -> String {
        self.0.url()
    }

    fn variables(&self) -> Vec<(String, String)> {
        let url = self.0.url();
        let variables = [
            ("BASE_URL", url.as_str()),
            ("CLIENT_ID", CLIENT_ID),
            ("CLIENT_SECRET", CLIENT_SECRET),
        ];
        variables
            .map(|(name, value)| (format!("OCEAN__PORT__{name}"), value.to_owned()))
            .into()
    }

    fn requests(&self) -> usize {
        self.0.journal().len()
    }
}
