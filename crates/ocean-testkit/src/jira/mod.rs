//! A simulated Jira Cloud site: [`JiraTwin`].
//!
//! It answers the part of Jira's interface that an integration reads, in Jira's shapes: projects,
//! the search by JQL, users, teams, versions, components, boards, sprints, epics, backlogs,
//! worklogs and webhooks. The data follows from a seed ([`SiteConfig`]): a site of a million issues
//! of 8 to 9 KB each starts at once and takes no memory, because an issue is written when it is
//! asked for.
//!
//! # Guarantees
//!
//! - The same seed and sizes give the same bytes, whatever the port.
//! - Within a search without `ORDER BY`, results come in the order of their ids; an issue that is
//!   neither created nor deleted meanwhile is on exactly one page.
//! - What [`SiteHandle`] tells is the truth about the data, whatever [`Faults`](crate::Faults) make
//!   of the answers.
//!
//! # Differences to Jira
//!
//! - The issues of an archived project are found like any others.
//! - A search sees a change at once; Jira's index lags. `reconcileIssues` is therefore checked, but
//!   has no effect.
//! - JQL is a subset: `AND OR NOT ( )` over `statusCategory`, `status`, `project`, `key`, `id`,
//!   `created`, `updated`, `assignee`, `issuetype` and `labels`, and one `ORDER BY` field. All else
//!   is refused with 400.
//! - `self` links show [`SiteConfig::site_url`] and not the address that is listened at.
//! - Webhooks are tried again after a moment and not after minutes, and a JQL filter that the twin
//!   does not know keeps nothing back.
//!
//! # Steering over HTTP
//!
//! Beside what every simulator has, `POST /__twin/change` makes a [`Change`] and `GET /__twin/site`
//! tells the time of the site and its sizes. `GET /__twin/delivery` tells how webhooks are
//! delivered and how many events there were, `POST /__twin/delivery` sets some of the
//! [`DeliveryRules`], and `GET /__twin/deliveries` lists the last attempts.

mod api;
mod change;
mod config;
mod courier;
mod data;
mod jql;
mod json;
pub mod lies;
mod site;
mod state;
mod twin;

pub use change::{Change, ChangeError, Changed, IssueEdit};
pub use config::{DeliveryRules, RateLimit, Rules, SiteConfig};
pub use courier::{Delivery, DeliveryCounts};
pub use twin::{Belonging, JiraTwin, JiraTwinBuilder, SiteHandle};
