//! Shapes, refusals and rules.

use std::time::Duration;

use serde_json::{Value, json};

use super::{ALL, ask, ask_as, basic, get, search, small, twin, walk_search};
use crate::jira::{IssueEdit, RateLimit};

#[tokio::test]
async fn boards_refuse_what_they_do_not_have() {
    let twin = twin().await;
    for (path, message) in [
        (
            "/rest/agile/1.0/board/2/sprint",
            "The board does not support sprints",
        ),
        (
            "/rest/software/1.0/board/2/backlog",
            "Backlogs are not supported on this board",
        ),
    ] {
        let answer = ask(&twin, "GET", path, &Value::Null).await;
        assert_eq!(
            (answer.status, &answer.json["errorMessages"][0]),
            (400, &json!(message))
        );
    }
    assert_eq!(
        ask(&twin, "GET", "/rest/agile/1.0/board/99", &Value::Null)
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn the_shape_of_results_follows_the_fields() {
    let twin = twin().await;
    let found = search(&twin, json!({"jql": "key = PAY-1"})).await.json;
    assert_eq!(found, json!({"issues": [{"id": "100000"}], "isLast": true}));
    let body = json!({"jql": "key = PAY-1", "fields": ["summary"], "expand": "changelog"});
    let found = search(&twin, body).await.json;
    let issue = &found["issues"][0];
    assert_eq!(issue["key"], "PAY-1");
    assert_eq!(
        issue["fields"].as_object().map(serde_json::Map::len),
        Some(1)
    );
    assert_eq!(issue["changelog"]["total"], 0);
    let body = json!({"jql": ALL, "maxResults": 500, "fields": ["*all"]});
    assert_eq!(
        search(&twin, body).await.json["issues"]
            .as_array()
            .map(Vec::len),
        Some(100)
    );
    let body = json!({"jql": ALL, "maxResults": 500, "fields": ["key"]});
    assert_eq!(
        search(&twin, body).await.json["issues"]
            .as_array()
            .map(Vec::len),
        Some(240)
    );
    let whole = get(&twin, "/rest/api/3/issue/100000").await;
    assert_eq!(whole["fields"]["summary"], issue["fields"]["summary"]);
}

#[tokio::test]
async fn a_bad_search_is_refused_in_jiras_shape() {
    let twin = twin().await;
    let foreign = search(&twin, json!({"jql": ALL, "maxResults": 1}))
        .await
        .json;
    for body in [
        json!({"jql": ""}),
        json!({"jql": "ORDER BY created"}),
        json!({"jql": "colour = red"}),
        json!({"jql": ALL, "maxResults": 0}),
        json!({"jql": ALL, "startAt": 0}),
        json!({"jql": ALL, "reconcileIssues": vec![1; 51]}),
        json!({"jql": ALL, "nextPageToken": "nonsense"}),
        json!({"jql": "project = PAY", "nextPageToken": foreign["nextPageToken"]}),
    ] {
        let answer = search(&twin, body.clone()).await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.json["errorMessages"][0].is_string(), "{body}");
        assert_eq!(answer.json["errors"], json!({}));
    }
}

#[tokio::test]
async fn only_known_credentials_are_let_in() {
    let twin = small()
        .rules(|rules| rules.bearer = vec!["fresh".to_owned()])
        .start()
        .await;
    let twin = twin.expect("a free port");
    let path = "/rest/api/3/myself";
    for (authorization, status) in [
        (basic("twin@example.com", "twin-token"), 200),
        (basic("twin@example.com", "wrong"), 401),
        ("Bearer fresh".to_owned(), 200),
        ("Bearer stale".to_owned(), 401),
        (String::new(), 401),
    ] {
        let answer = ask_as(&twin, &authorization, "GET", path, &Value::Null).await;
        assert_eq!(answer.status, status, "{authorization}");
    }
    twin.site().change_rules(|rules| rules.bearer.clear());
    let answer = ask_as(&twin, "Bearer fresh", "GET", path, &Value::Null).await;
    assert_eq!((answer.status, &answer.json["code"]), (401, &json!(401)));
    let gateway = "/ex/jira/twin-cloud/rest/api/3/myself";
    assert_eq!(ask(&twin, "GET", gateway, &Value::Null).await.status, 200);
}

#[tokio::test]
async fn a_rate_limit_is_announced_and_enforced() {
    let limit = RateLimit {
        limit: 2,
        window: Duration::from_secs(60),
        enforce: true,
    };
    let twin = small()
        .rate_limit(limit)
        .start()
        .await
        .expect("a free port");
    let mut heads = Vec::new();
    for _ in 0..3 {
        let answer = ask(&twin, "GET", "/rest/api/3/myself", &Value::Null).await;
        heads.push((answer.status, answer.head));
    }
    assert_eq!(
        heads.iter().map(|(status, _)| *status).collect::<Vec<_>>(),
        [200, 200, 429]
    );
    assert!(
        heads[0].1.contains("x-ratelimit-remaining: 1"),
        "{}",
        heads[0].1
    );
    assert!(heads[2].1.contains("retry-after: "), "{}", heads[2].1);
}

#[tokio::test]
async fn permissions_follow_the_rules() {
    let twin = twin().await;
    let path = "/rest/api/3/mypermissions?permissions=ADMINISTER";
    let answer = get(&twin, path).await;
    assert_eq!(answer["permissions"]["ADMINISTER"]["havePermission"], true);
    twin.site()
        .change_rules(|rules| rules.administrator = false);
    let answer = get(&twin, path).await;
    assert_eq!(answer["permissions"]["ADMINISTER"]["havePermission"], false);
}

#[tokio::test]
async fn issues_and_worklogs_are_fetched_in_bulk_and_the_unknown_left_out() {
    let twin = twin().await;
    let path = "/rest/api/3/issue/bulkfetch";
    let body =
        json!({"issueIdsOrKeys": ["PAY-1", "100000", "NOPE-1", "pay-2", "9"], "fields": ["key"]});
    let answer = ask(&twin, "POST", path, &body).await.json;
    let issues = answer["issues"].as_array().expect("issues").iter();
    let keys: Vec<_> = issues.map(|issue| issue["key"].clone()).collect();
    assert_eq!(keys, ["PAY-1", "PAY-2"]);
    assert_eq!(answer["issueErrors"], json!([]));
    let many = json!({"issueIdsOrKeys": vec!["1"; 101]});
    assert_eq!(ask(&twin, "POST", path, &many).await.status, 400);

    let change = json!({"op": "log_work", "issue": "PAY-1", "minutes": 5});
    let logged = ask(&twin, "POST", "/__twin/change", &change).await.json;
    let id: u64 = logged["changed"][0]["id"]
        .as_str()
        .expect("id")
        .parse()
        .expect("id");
    let body = json!({"ids": [id, 7]});
    let listed = ask(&twin, "POST", "/rest/api/3/worklog/list", &body)
        .await
        .json;
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&listed[0]["issueId"], &listed[0]["timeSpentSeconds"]),
        (&json!("100000"), &json!(300))
    );
    let page = get(&twin, "/rest/api/3/issue/PAY-1/worklog").await;
    let page = page["worklogs"].as_array().expect("worklogs");
    assert_eq!(page.last(), Some(&listed[0]));
}

#[tokio::test]
async fn changes_come_in_over_http_and_show_in_searches() {
    let twin = twin().await;
    let change = json!({"op": "create_issue", "project": "PAY", "summary": "By wire"});
    let answer = ask(&twin, "POST", "/__twin/change", &change).await;
    assert_eq!(answer.json["changed"][0]["key"], "PAY-21");
    let issue = get(&twin, "/rest/api/3/issue/PAY-21").await;
    assert_eq!(issue["fields"]["summary"], "By wire");
    assert_eq!(get(&twin, "/__twin/site").await["issues"], 241);
    let answer = ask(&twin, "POST", "/__twin/change", &json!({"op": "explode"})).await;
    assert_eq!(answer.status, 400);
    twin.site()
        .update_issue("PAY-21", IssueEdit::new().status("Done"))
        .expect("changed");
    let found = walk_search(&twin, "key = PAY-21 AND statusCategory = Done", 5).await;
    assert_eq!(found, ["PAY-21"]);
}

#[tokio::test]
async fn an_unknown_path_is_answered_with_its_name() {
    let twin = twin().await;
    let answer = ask(&twin, "GET", "/rest/api/2/nothing", &Value::Null).await;
    let message = "The twin has no answer to GET /rest/api/2/nothing.";
    assert_eq!(
        (answer.status, &answer.json["errorMessages"][0]),
        (404, &json!(message))
    );
}
