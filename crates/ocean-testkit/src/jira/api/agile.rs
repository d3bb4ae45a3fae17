//! Boards, sprints, epics and backlogs.

use http::{Method, StatusCode};

use super::{
    Call, nothing_here,
    page::{AGILE, AGILE_UNCOUNTED, counted},
    refusal, search, written,
};
use crate::{
    Response,
    jira::{
        data::{
            agile::{Board, BoardType},
            issue::Issue,
            render::View,
            workflow::{Category, IssueType, Status},
        },
        jql::{JqlError, Search},
        json::Json,
    },
};

pub(super) fn answer(call: &Call<'_>, method: &Method, segments: &[&str]) -> Response {
    if method != Method::GET {
        return nothing_here(call);
    }
    match segments {
        ["board"] => boards(call),
        ["board", id] => with_board(call, id, |board| {
            written(600, |o| render_board(call, board, o))
        }),
        ["board", id, "project"] => with_board(call, id, |board| {
            call.page(AGILE, call.site.board_projects(board), |project, o| {
                project.render(o, call.url(), "", call.site.users());
            })
        }),
        ["board", id, "sprint"] => with_board(call, id, |board| sprints(call, board)),
        ["board", id, "epic"] => with_board(call, id, |board| epics(call, board)),
        ["board", id, "backlog"] => with_board(call, id, |board| backlog(call, board)),
        ["sprint", id] => match call
            .site
            .sprints
            .iter()
            .find(|one| one.id.to_string() == *id)
        {
            Some(sprint) => written(400, |o| sprint.render(o, call.url())),
            None => refusal(StatusCode::NOT_FOUND, "Sprint does not exist"),
        },
        _ => nothing_here(call),
    }
}

fn with_board(call: &Call<'_>, id: &str, answer: impl FnOnce(&Board) -> Response) -> Response {
    let found = call.site.boards().find(|board| board.id.to_string() == id);
    match found {
        Some(board) => answer(board),
        None => refusal(
            StatusCode::NOT_FOUND,
            "Requested board cannot be viewed because it either does not exist or you do not have \
             permission to view it.",
        ),
    }
}

fn render_board(call: &Call<'_>, board: &Board, o: &mut Json) {
    let home = board.projects.first();
    let home = home.and_then(|place| call.site.project_at(*place));
    board.render(o, call.url(), home);
}

fn boards(call: &Call<'_>) -> Response {
    let kind = call.param("type");
    let project = call.param("projectKeyOrId");
    let place = project.as_deref().map(|key| call.site.find_project(key));
    if place == Some(None) {
        return refusal(
            StatusCode::BAD_REQUEST,
            format!(
                "No project could be found with key or id '{}'.",
                project.unwrap_or_default()
            ),
        );
    }
    let wanted = |board: &&Board| {
        kind.as_deref().is_none_or(|kind| kind == board.kind.name())
            && place
                .flatten()
                .is_none_or(|place| board.projects.contains(&place))
    };
    let boards = call.site.boards().filter(wanted);
    call.page(AGILE, boards, |board, o| render_board(call, board, o))
}

fn sprints(call: &Call<'_>, board: &Board) -> Response {
    if board.kind != BoardType::Scrum {
        return refusal(
            StatusCode::BAD_REQUEST,
            "The board does not support sprints",
        );
    }
    let states = call.param("state");
    let wanted = |state: &str| {
        let among = |states: &String| states.split(',').any(|one| one == state);
        states.as_ref().is_none_or(among)
    };
    let all = call.site.sprints.iter();
    let sprints = all.filter(|sprint| sprint.board == board.id && wanted(&sprint.state));
    call.page(AGILE_UNCOUNTED, sprints, |sprint, o| {
        sprint.render(o, call.url());
    })
}

/// The issues of a board's projects that `keep` keeps.
fn issues(
    call: &Call<'_>,
    board: &Board,
    keep: impl Fn(&Issue) -> bool,
) -> impl Iterator<Item = Issue> {
    let on_board = move |issue: &Issue| board.projects.contains(&issue.project);
    let all = call.site.issues_from(0);
    all.filter(move |issue| on_board(issue) && keep(issue))
        .map(std::borrow::Cow::into_owned)
}

fn epics(call: &Call<'_>, board: &Board) -> Response {
    let done = call.param("done").map(|done| done == "true");
    let is_done = |issue: &Issue| issue.status.category() == Category::Done;
    let epics = issues(call, board, |issue| {
        issue.kind == IssueType::Epic && done.is_none_or(|done| done == is_done(issue))
    });
    call.page(AGILE_UNCOUNTED, epics, |issue, o| {
        let view = View {
            issue,
            site: call.site,
        };
        o.object(|o| {
            o.key("id").number(issue.id);
            o.key("key").text(&call.site.issue_key(issue));
            o.key("self")
                .joined(&[call.url(), "/rest/agile/1.0/epic/", &issue.id.to_string()]);
            view.summary(o.key("name"));
            view.summary(o.key("summary"));
            o.key("color").raw(r#"{"key":"color_4"}"#);
            o.key("done").flag(is_done(issue));
        });
    })
}

/// What waits to be begun on a board, narrowed by the parameter `jql`.
fn waiting(call: &Call<'_>, board: &Board) -> Result<Vec<Issue>, JqlError> {
    let jql = call.param("jql").unwrap_or_default();
    let search = Search::compile(&jql, call.site, call.rules.unknown_key_is_error)?;
    Ok(issues(call, board, |issue| {
        let begun = issue.status != Status::ToDo;
        let planned = !matches!(issue.kind, IssueType::Epic | IssueType::Subtask);
        planned && !begun && search.matches(issue)
    })
    .collect())
}

fn backlog(call: &Call<'_>, board: &Board) -> Response {
    match waiting(call, board) {
        Err(error) => refusal(StatusCode::BAD_REQUEST, error.0),
        Ok(issues) => {
            let fields = search::query_fields(call);
            call.page(counted("issues"), issues.into_iter(), |issue, o| {
                let site = call.site;
                View { issue, site }.render(o, fields, "");
            })
        }
    }
}

/// The backlog as the software API gives it: in pages that are chained by tokens.
pub(super) fn software_backlog(call: &Call<'_>, id: &str) -> Response {
    with_board(call, id, |board| {
        if !board.has_backlog() {
            return refusal(
                StatusCode::BAD_REQUEST,
                "Backlogs are not supported on this board",
            );
        }
        match waiting(call, board) {
            Err(error) => refusal(StatusCode::BAD_REQUEST, error.0),
            Ok(issues) => token_page(call, &issues),
        }
    })
}

/// Tokens carry the id of the next issue.
fn token_page(call: &Call<'_>, issues: &[Issue]) -> Response {
    let from = match call.param("nextPageToken") {
        None => Some(0),
        Some(token) => token
            .strip_prefix("backlog-")
            .and_then(|id| id.parse().ok()),
    };
    let Some(from) = from else {
        return refusal(StatusCode::BAD_REQUEST, "Invalid nextPageToken.");
    };
    let size = call.range(call.rules.max_page).size.max(1);
    let rest = issues.iter().filter(|issue: &&Issue| issue.id >= from);
    let next = rest.clone().nth(size);
    let fields = search::query_fields(call);
    written(size * 9_000, |out| {
        out.object(|o| {
            o.key("issues").array(|o| {
                for issue in rest.take(size) {
                    let site = call.site;
                    View { issue, site }.render(o, fields, "");
                }
            });
            if let Some(next) = next {
                o.key("nextPageToken").text(&format!("backlog-{}", next.id));
            }
            o.key("isLast").flag(next.is_none());
        });
    })
}
