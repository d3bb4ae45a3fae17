//! Teams of the Atlassian organization and their members.

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use http::{Method, Request};
use ocean_core::http::Retry;
use ocean_core::http::paging::TokenPages;
use ocean_core::{Batch, RawItem, Stream};
use serde::Serialize;
use serde_json::Value;

use super::site::{Site, get, with_json};
use super::{CONCURRENT_REQUESTS, JiraClient, PAGE_SIZE};
use crate::error::JiraError;

impl JiraClient {
    /// All teams of an organization.
    pub fn teams(
        &self,
        organization: &str,
    ) -> impl Stream<Item = Result<Batch, JiraError>> + Send + use<> {
        let (jira, organization) = (self.clone(), organization.to_owned());
        // The gateway leaves `cursor` out on the last page, and has no other mark for it.
        TokenPages::cursor("entities")
            .absent_is_end()
            .identity("teamId")
            .pages(move |cursor| {
                jira.fetch(teams_request(jira.site(), &organization, cursor.as_deref()))
            })
    }

    /// The members of one team.
    fn team_members(
        &self,
        organization: &str,
        team: &str,
    ) -> impl Stream<Item = Result<Batch, JiraError>> + Send + use<> {
        let jira = self.clone();
        let (organization, team) = (organization.to_owned(), team.to_owned());
        TokenPages::cursor("results")
            .absent_is_end()
            .identity("accountId")
            .pages(move |after| {
                let after = after.as_deref();
                jira.fetch(members_request(jira.site(), &organization, &team, after))
            })
    }

    /// The same teams, each with the list of its members as `__members`.
    ///
    /// # Errors
    ///
    /// When the members of one team cannot be read: a team with some of its members would look
    /// as if the others had left.
    pub async fn with_members(&self, organization: &str, teams: Batch) -> Result<Batch, JiraError> {
        let teams: Vec<RawItem> = stream::iter(teams)
            .map(|team| self.with_its_members(organization, team))
            .buffered(CONCURRENT_REQUESTS)
            .try_collect()
            .await?;
        Ok(Batch::new(teams))
    }

    async fn with_its_members(
        &self,
        organization: &str,
        team: RawItem,
    ) -> Result<RawItem, JiraError> {
        let id: String = team.get("teamId").ok_or(JiraError::Unexpected {
            what: "a team without `teamId`",
        })?;
        let pages: Vec<Batch> = self.team_members(organization, &id).try_collect().await?;
        let members: Vec<Value> = pages
            .into_iter()
            .flatten()
            .map(|member| member.to_value())
            .collect::<Result<_, _>>()
            .map_err(JiraError::Unreadable)?;
        Ok(team.with("__members", members))
    }
}

/// The page size is left to the gateway, as the cursor is all that it documents.
fn teams_request(
    site: &Site,
    organization: &str,
    cursor: Option<&str>,
) -> Result<Request<Bytes>, JiraError> {
    let parameters: Vec<_> = cursor
        .map(|cursor| ("cursor", cursor))
        .into_iter()
        .collect();
    get(site.teams(&[organization, "teams"]), &parameters)
}

/// Size and cursor go into the body, where the gateway documents them, and into the query, where
/// existing deployments send them. It is a POST that changes nothing.
fn members_request(
    site: &Site,
    organization: &str,
    team: &str,
    after: Option<&str>,
) -> Result<Request<Bytes>, JiraError> {
    #[derive(Serialize)]
    struct Body<'a> {
        first: usize,
        #[serde(skip_serializing_if = "Option::is_none")]
        after: Option<&'a str>,
    }
    let first = PAGE_SIZE.to_string();
    let mut parameters = vec![("first", first.as_str())];
    parameters.extend(after.map(|after| ("after", after)));
    let body = Body {
        first: PAGE_SIZE,
        after,
    };
    let url = site.teams(&[organization, "teams", team, "members"]);
    let mut request = with_json(Method::POST, url, &parameters, &body)?;
    request.extensions_mut().insert(Retry::Idempotent);
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: &str = "https://acme.test/gateway/api/public/teams/v1/org";

    fn site() -> Site {
        Site::at("https://acme.test")
    }

    #[test]
    fn teams_are_asked_for_by_cursor_alone() {
        let first = teams_request(&site(), "org-1", None).unwrap();
        assert_eq!(first.uri().to_string(), format!("{T}/org-1/teams"));
        let next = teams_request(&site(), "org-1", Some("c=2")).unwrap();
        assert_eq!(
            next.uri().to_string(),
            format!("{T}/org-1/teams?cursor=c%3D2")
        );
    }

    #[test]
    fn members_are_asked_for_in_query_and_body() {
        let request = members_request(&site(), "org-1", "t-1", Some("c2")).unwrap();
        assert_eq!(request.method(), Method::POST);
        let expected = format!("{T}/org-1/teams/t-1/members?first=50&after=c2");
        assert_eq!(request.uri().to_string(), expected);
        assert_eq!(request.body().as_ref(), br#"{"first":50,"after":"c2"}"#);
        assert_eq!(request.extensions().get(), Some(&Retry::Idempotent));
    }

    #[test]
    fn the_first_members_are_asked_for_without_a_cursor() {
        let request = members_request(&site(), "org-1", "t-1", None).unwrap();
        assert_eq!(request.uri().query(), Some("first=50"));
        assert_eq!(request.body().as_ref(), br#"{"first":50}"#);
    }
}
