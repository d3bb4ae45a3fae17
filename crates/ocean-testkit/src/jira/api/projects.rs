//! Projects, versions and components.

use http::StatusCode;

use super::{Call, page::PLATFORM, refusal, written};
use crate::{
    Response,
    jira::data::{
        project::{Component, Project},
        workflow::Status,
    },
};

pub(super) fn list(call: &Call<'_>) -> Response {
    let expand = call.param("expand").unwrap_or_default();
    call.page(PLATFORM, call.site.projects(), |project, o| {
        project.render(o, call.url(), &expand, call.site.users());
    })
}

pub(super) fn one(call: &Call<'_>, key: &str) -> Response {
    let expand = call.param("expand").unwrap_or_default();
    with_project(call, key, |project| {
        written(1_500, |o| {
            project.render(o, call.url(), &expand, call.site.users());
        })
    })
}

/// The statuses that an issue of any project can be in.
pub(super) fn statuses(call: &Call<'_>) -> Response {
    written(4_000, |o| {
        o.array(|o| {
            Status::ALL
                .iter()
                .for_each(|status| status.render(o, call.url()));
        });
    })
}

pub(super) fn versions(call: &Call<'_>, key: &str) -> Response {
    with_project(call, key, |project| {
        let versions = call.site.versions.iter();
        let own = versions.filter(|version| version.project_id == project.id);
        call.page(PLATFORM, own, |version, o| version.render(o, call.url()))
    })
}

pub(super) fn version(call: &Call<'_>, id: &str) -> Response {
    let mut versions = call.site.versions();
    match versions.find(|version| version.id.to_string() == id) {
        Some(version) => written(500, |o| version.render(o, call.url())),
        None => refusal(
            StatusCode::NOT_FOUND,
            format!("Could not find version for id '{id}'"),
        ),
    }
}

pub(super) fn components(call: &Call<'_>, key: &str) -> Response {
    let wanted = call.param("query").unwrap_or_default().to_lowercase();
    // Compass keeps its components elsewhere, and the twin has none of them.
    let from_jira = call
        .param("componentSource")
        .is_none_or(|source| source != "compass");
    with_project(call, key, |project| {
        let components = Component::of(project)
            .filter(|component| from_jira && component.name.contains(&wanted));
        call.page(PLATFORM, components, |component, o| {
            component.render(o, call.url(), call.site.users());
        })
    })
}

fn with_project(call: &Call<'_>, key: &str, answer: impl FnOnce(&Project) -> Response) -> Response {
    let place = call.site.find_project(key);
    match place.and_then(|place| call.site.project_at(place)) {
        Some(project) => answer(project),
        None => refusal(
            StatusCode::NOT_FOUND,
            format!("No project could be found with key '{key}'."),
        ),
    }
}
