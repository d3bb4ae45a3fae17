//! What must an integration bring along so that `demo` and `twin` work? [`Simulation`].

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use async_trait::async_trait;

/// Starts simulated ends: the third-party system's and Port's.
///
/// The simulators themselves are the integration's choice; this is all that the command line knows
/// of them.
#[async_trait]
pub trait Simulation: Debug + Send + Sync + 'static {
    /// Starts a simulated Port.
    ///
    /// # Errors
    ///
    /// When the address cannot be listened at; [`io::ErrorKind::InvalidInput`] when the plan of
    /// faults is not one.
    async fn start_port(&self, options: &TwinOptions) -> io::Result<Box<dyn Twin>>;

    /// Starts a simulated third-party system.
    ///
    /// # Errors
    ///
    /// As [`start_port`](Self::start_port).
    async fn start_source(&self, options: &TwinOptions) -> io::Result<Box<dyn Twin>>;

    /// Starts both, for a demonstration.
    ///
    /// # Errors
    ///
    /// As [`start_port`](Self::start_port).
    async fn start_world(&self, items: u64, seed: u64) -> io::Result<Box<dyn World>>;
}

/// One running simulator. Dropping it ends it.
pub trait Twin: Debug + Send + Sync {
    /// Where it listens.
    fn url(&self) -> String;

    /// The variables that make an integration use it.
    fn variables(&self) -> Vec<(String, String)>;

    /// How many requests it has answered.
    fn requests(&self) -> usize;
}

/// A simulated third-party system and a simulated Port, for one demonstration.
pub trait World: Debug + Send + Sync {
    /// The third-party system.
    fn source(&self) -> &dyn Twin;

    /// Port.
    fn port(&self) -> &dyn Twin;

    /// Lets an hour pass at Port; updates, creates and deletes a few items in the third-party
    /// system.
    ///
    /// # Errors
    ///
    /// When the simulator refuses a change.
    fn change(&self) -> Result<Changed, Box<dyn std::error::Error + Send + Sync>>;

    /// Whether somebody listens to the webhook of the third-party system.
    fn is_listened_to(&self) -> bool;

    /// Lets something happen in the third-party system that live events tell of.
    ///
    /// # Errors
    ///
    /// When the simulator refuses it.
    fn happen(&self, what: Happening)
    -> Result<Happened, Box<dyn std::error::Error + Send + Sync>>;

    /// Whether the catalog shows what happened.
    fn shows(&self, happened: &Happened) -> bool;

    /// How many entities of each blueprint are in the catalog.
    fn entities(&self) -> BTreeMap<String, usize>;

    /// Where the catalog differs from what the third-party system holds, a sentence each.
    ///
    /// It is told by the simulators themselves and not by the code that is shown.
    fn differences(&self) -> Vec<String>;
}

/// What can happen while somebody listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Happening {
    /// Some items get new contents, one after another.
    Updates,
    /// A new item.
    Creation,
    /// An item goes.
    Deletion,
    /// One item gets new contents many times in a row.
    Burst,
}

/// What happened, and what has to come of it.
#[derive(Debug, Clone, Default)]
pub struct Happened {
    /// How many changes there were; each is told by an event.
    pub changes: usize,
    /// Blueprint and identifier of entities, and the title they should have; `None` for an entity
    /// that should be gone.
    pub expected: Vec<(String, String, Option<String>)>,
}

/// How one simulator is started.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TwinOptions {
    /// Where to listen.
    pub addr: SocketAddr,
    /// How many items of its most numerous kind a third-party system has.
    pub items: u64,
    /// Decides the data.
    pub seed: u64,
    /// How long every call takes at least.
    pub latency: Duration,
    /// What goes wrong, as JSON.
    pub faults: Option<String>,
}

impl Default for TwinOptions {
    fn default() -> Self {
        Self {
            addr: (Ipv4Addr::LOCALHOST, 0).into(),
            items: 1000,
            seed: 1,
            latency: Duration::ZERO,
            faults: None,
        }
    }
}

/// What [`World::change`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changed {
    /// Items with new contents.
    pub updated: usize,
    /// New items.
    pub created: usize,
    /// Items that are gone.
    pub deleted: usize,
}

impl Changed {
    /// So many of each.
    #[must_use]
    pub const fn new(updated: usize, created: usize, deleted: usize) -> Self {
        Self {
            updated,
            created,
            deleted,
        }
    }
}
