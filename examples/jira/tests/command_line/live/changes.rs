//! What happens in Jira is in the catalog shortly after.

use ocean_testkit::jira::IssueEdit;

use super::stage::Stage;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_updated_created_and_deleted_in_jira_is_reflected() {
    let mut stage = Stage::new("POLLING").await;
    let url = format!("http://127.0.0.1:{}", stage.listens);
    stage.program = stage.program.set("OCEAN__BASE_URL", &url);
    let running = stage.start().await;
    running
        .until("the first resync", || {
            crate::running::state(&stage.port) == "completed"
        })
        .await;
    let site = stage.jira.site();
    let keys = site.matching_issue_keys("statusCategory != Done").unwrap();
    let (updated, deleted) = (keys[0].clone(), keys[1].clone());
    site.update_issue(updated.as_str(), IssueEdit::new().summary("seen at once"))
        .unwrap();
    running
        .until("the update", || {
            stage
                .titles()
                .get(&updated)
                .is_some_and(|title| title == "seen at once")
        })
        .await;
    let project = site.project_keys()[0].clone();
    let created = site
        .create_issue(project.as_str(), IssueEdit::new().summary("new"))
        .unwrap();
    running
        .until("the creation", || {
            stage.titles().values().any(|title| title == "new")
        })
        .await;
    drop(created);
    let gone = site.delete_issue(deleted.as_str()).unwrap();
    assert!(!gone.is_empty());
    running
        .until("the deletion", || !stage.titles().contains_key(&deleted))
        .await;
    let counts = stage.settled(&running).await;
    assert_eq!(counts["dead"], 0);
    let (code, output) = running.terminate().await;
    assert_eq!(code, Some(143), "{output}");
}
