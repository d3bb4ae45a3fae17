//! The search for issues by JQL.

use std::collections::VecDeque;
use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::StatusCode;
use serde::Deserialize;

use super::{Call, refusal, written};
use crate::{
    Response,
    jira::{
        data::{
            issue::Issue,
            render::{FieldSet, View},
        },
        jql::Search,
        json::Json,
        site::Site,
    },
};

/// Most results of a page that shows nothing but ids and keys.
const LARGEST_BARE_PAGE: usize = 5_000;

/// Jira's limit of issues to reconcile.
const MOST_RECONCILED: usize = 50;

/// Sorted results that are kept for the pages to come.
const SNAPSHOTS: usize = 16;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Body {
    #[serde(default)]
    jql: String,
    max_results: Option<usize>,
    fields: Option<Vec<String>>,
    expand: Option<String>,
    #[serde(default)]
    reconcile_issues: Vec<u64>,
    next_page_token: Option<String>,
    #[serde(rename = "properties")]
    _properties: Option<Vec<String>>,
    #[serde(rename = "fieldsByKeys")]
    _fields_by_keys: Option<bool>,
    #[serde(rename = "failFast")]
    _fail_fast: Option<bool>,
}

pub(super) fn by_jql(call: &Call<'_>) -> Response {
    let Ok(body) = call.request.json::<Body>() else {
        return bad("Invalid request payload. Refer to the REST API documentation and try again.");
    };
    if body.reconcile_issues.len() > MOST_RECONCILED {
        return bad("The 'reconcileIssues' parameter takes at most 50 issue ids.");
    }
    let search = match Search::compile(&body.jql, call.site, call.rules.unknown_key_is_error) {
        Ok(search) => search,
        Err(error) => return bad(&error.0),
    };
    if !search.is_bounded() {
        return bad("Unbounded JQL queries are not allowed here. \
             Please add a search restriction to your query.");
    }
    let shape = Shape::of(&body);
    let largest = match shape {
        Shape::Fields(fields) if fields != FieldSet::NONE => call.rules.max_page,
        _ => LARGEST_BARE_PAGE,
    };
    let size = body.max_results.unwrap_or(50).min(largest);
    if size == 0 {
        return bad("The 'maxResults' parameter must be above 0.");
    }
    let token = body.next_page_token.as_deref();
    match find(call, &search, &body.jql, token, size) {
        None => bad("The next page token is invalid or expired."),
        Some(page) => written(size * 9_000, |out| {
            let expand = body.expand.as_deref().unwrap_or_default();
            page.render(out, call.site, shape, expand);
        }),
    }
}

fn bad(message: &str) -> Response {
    refusal(StatusCode::BAD_REQUEST, message)
}

/// How much of each result is shown.
#[derive(Clone, Copy)]
enum Shape {
    /// Only the id, as for a search that names no fields.
    Id,
    Fields(FieldSet),
}

impl Shape {
    fn of(body: &Body) -> Self {
        match &body.fields {
            None => Self::Id,
            Some(names) if names.iter().all(|name| name == "id") => Self::Id,
            Some(names) => Self::Fields(FieldSet::parse(names.iter().map(String::as_str))),
        }
    }
}

/// The results of one page.
struct Found {
    ids: Vec<u64>,
    next: Option<String>,
}

impl Found {
    fn render(&self, out: &mut Json, site: &Site, shape: Shape, expand: &str) {
        out.object(|o| {
            o.key("issues").array(|o| {
                for issue in self.ids.iter().filter_map(|id| site.issue(*id)) {
                    let view = View {
                        issue: &issue,
                        site,
                    };
                    match shape {
                        Shape::Fields(fields) => view.render(o, fields, expand),
                        Shape::Id => {
                            o.object(|o| {
                                o.key("id").quoted(issue.id);
                            });
                        }
                    }
                }
            });
            if let Some(token) = &self.next {
                o.key("nextPageToken").text(token);
            }
            o.key("isLast").flag(self.next.is_none());
        });
    }
}

/// Finds one page; `None` if the token belongs to another search.
fn find(
    call: &Call<'_>,
    search: &Search,
    jql: &str,
    token: Option<&str>,
    size: usize,
) -> Option<Found> {
    let token = token
        .map(|token| Token::decode(token, jql))
        .transpose()
        .ok()?;
    if search.is_ordered() {
        return find_ordered(call, search, jql, token, size);
    }
    let from = match token {
        None => 0,
        Some(Token::NextId(id)) => id,
        Some(Token::Snapshot { .. }) => return None,
    };
    let wanted = |issue: &Issue| issue.id >= from && search.matches(issue);
    // One more than the page holds shows whether, and with which, the next one begins.
    let mut ids: Vec<u64> = match search.candidates() {
        Some(candidates) => {
            let issues = candidates.into_iter().filter_map(|id| call.site.issue(id));
            issues
                .filter(|issue| wanted(issue))
                .map(|issue| issue.id)
                .take(size + 1)
                .collect()
        }
        None => {
            let issues = call.site.issues_from(from);
            issues
                .filter(|issue| wanted(issue))
                .map(|issue| issue.id)
                .take(size + 1)
                .collect()
        }
    };
    let next = (ids.len() > size).then(|| ids.pop()).flatten();
    Some(Found {
        ids,
        next: next.map(|id| Token::NextId(id).encode(jql)),
    })
}

/// Sorts all results once, for the first page, and keeps them for the later ones.
fn find_ordered(
    call: &Call<'_>,
    search: &Search,
    jql: &str,
    token: Option<Token>,
    size: usize,
) -> Option<Found> {
    let (snapshot, offset, all) = match token {
        Some(Token::NextId(_)) => return None,
        Some(Token::Snapshot { number, offset }) => {
            (number, offset, call.shared.snapshots().get(number)?)
        }
        None => {
            let issues = call.site.issues_from(0);
            let mut issues: Vec<_> = issues.filter(|issue| search.matches(issue)).collect();
            issues.sort_by(|left, right| search.compare(left, right));
            let all: Arc<[u64]> = issues.iter().map(|issue| issue.id).collect();
            (call.shared.snapshots().keep(Arc::clone(&all)), 0, all)
        }
    };
    let end = offset.saturating_add(size);
    let next = Token::Snapshot {
        number: snapshot,
        offset: end,
    };
    Some(Found {
        ids: all.iter().skip(offset).take(size).copied().collect(),
        next: (end < all.len()).then(|| next.encode(jql)),
    })
}

/// Where the next page begins, for one search only.
enum Token {
    NextId(u64),
    Snapshot { number: u64, offset: usize },
}

impl Token {
    fn encode(&self, jql: &str) -> String {
        let text = match self {
            Self::NextId(id) => format!("i {id} {jql}"),
            Self::Snapshot { number, offset } => format!("s {number} {offset} {jql}"),
        };
        URL_SAFE_NO_PAD.encode(text)
    }

    fn decode(token: &str, jql: &str) -> Result<Self, ()> {
        let bytes = URL_SAFE_NO_PAD.decode(token).unwrap_or_default();
        let text = String::from_utf8(bytes).unwrap_or_default();
        let position = text.strip_suffix(jql).ok_or(())?;
        let mut parts = position.split_whitespace();
        let kind = parts.next();
        let mut number = || {
            parts
                .next()
                .and_then(|part| part.parse::<u64>().ok())
                .ok_or(())
        };
        match kind {
            Some("i") => Ok(Self::NextId(number()?)),
            Some("s") => Ok(Self::Snapshot {
                number: number()?,
                offset: usize::try_from(number()?).unwrap_or(usize::MAX),
            }),
            _ => Err(()),
        }
    }
}

/// The sorted results of the last few searches with an order.
#[derive(Debug, Default)]
pub(crate) struct Snapshots {
    kept: VecDeque<(u64, Arc<[u64]>)>,
    last: u64,
}

impl Snapshots {
    fn keep(&mut self, ids: Arc<[u64]>) -> u64 {
        self.last += 1;
        self.kept.push_back((self.last, ids));
        if self.kept.len() > SNAPSHOTS {
            self.kept.pop_front();
        }
        self.last
    }

    fn get(&self, number: u64) -> Option<Arc<[u64]>> {
        let found = self.kept.iter().find(|(kept, _)| *kept == number);
        found.map(|(_, ids)| Arc::clone(ids))
    }
}

/// The parameter `fields` of a GET: everything, if it is absent or empty.
pub(super) fn query_fields(call: &Call<'_>) -> FieldSet {
    match call.param("fields").as_deref() {
        None | Some("") => FieldSet::ALL,
        Some(names) => FieldSet::parse(names.split(',')),
    }
}
