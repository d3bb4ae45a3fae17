//! Each lie as a client sees it.

use serde_json::{Value, json};

use super::{ALL, get, search, twin};
use crate::{Rule, jira::lies};

/// The first three pages of a search of ten issues each, under a lie.
async fn three_pages(rule: Rule) -> [Value; 3] {
    let twin = twin().await;
    twin.faults().add(rule);
    let mut body = json!({"jql": ALL, "maxResults": 10, "fields": ["key"]});
    let mut pages = [Value::Null, Value::Null, Value::Null];
    for page in &mut pages {
        let answer = search(&twin, body.clone()).await;
        assert_eq!(answer.status, 200);
        *page = answer.json;
        body["nextPageToken"] = page["nextPageToken"].clone();
    }
    pages
}

const SEARCH: &str = "/search/jql";

#[tokio::test]
async fn an_empty_page_keeps_its_token() {
    let pages = three_pages(lies::empty_page_at(SEARCH, 1)).await;
    let counts = pages
        .each_ref()
        .map(|page| page["issues"].as_array().expect("issues").len());
    assert_eq!(counts, [10, 0, 10]);
    assert!(pages[1]["nextPageToken"].is_string());
}

#[tokio::test]
async fn missing_items_come_with_errors_and_status_200() {
    let twin = twin().await;
    twin.faults().add(lies::missing_items_key(SEARCH));
    let answer = search(&twin, json!({"jql": ALL})).await;
    assert_eq!((answer.status, answer.json.get("issues")), (200, None));
    assert!(answer.json["errorMessages"].is_array());
}

#[tokio::test]
async fn a_repeated_token_brings_the_second_page_for_ever() {
    let [first, second, third] = three_pages(lies::repeat_token(SEARCH)).await;
    assert_eq!(first["nextPageToken"], second["nextPageToken"]);
    assert_eq!(second, third);
}

#[tokio::test]
async fn the_same_page_comes_for_ever() {
    let [first, second, third] = three_pages(lies::same_page_forever(SEARCH)).await;
    assert_eq!((&first, &first), (&second, &third));
}

#[tokio::test]
async fn duplicates_come_over_from_the_page_before() {
    let [first, second, _] = three_pages(lies::duplicate_items(SEARCH)).await;
    assert_eq!(second["issues"][0], first["issues"][9]);
    assert_eq!(second["issues"].as_array().map(Vec::len), Some(11));
}

#[tokio::test]
async fn a_total_shrinks_midway() {
    let twin = twin().await;
    twin.faults()
        .add(lies::shrink_total("/project/search", 1, 3));
    let path = "/rest/api/3/project/search?maxResults=5&startAt=0";
    assert_eq!(get(&twin, path).await["total"], 12);
    assert_eq!(get(&twin, path).await["total"], 3);
}
