//! How does a client in any language steer a simulator? The routes under `/__twin/` that every
//! simulator has.

use http::{Method, StatusCode};
use serde_json::json;

use crate::fault::FaultPlan;
use crate::message::{Request, Response};
use crate::server::Controls;

/// Requests below this path steer the simulator: they are neither journalled nor disturbed.
pub(crate) const PREFIX: &str = "/__twin/";

/// Answers the routes that all simulators share; `None` leaves the request to the simulator.
pub(crate) fn answer(controls: &Controls, request: &Request) -> Option<Response> {
    let route = request.path().strip_prefix(PREFIX)?;
    let done = Response::status(StatusCode::NO_CONTENT);
    match (request.method(), route) {
        (&Method::GET, "journal") => Some(Response::json(&controls.journal.to_json())),
        (&Method::DELETE, "journal") => {
            controls.journal.clear();
            Some(done)
        }
        (&Method::POST, "faults") => Some(match request.json::<FaultPlan>() {
            Ok(plan) => {
                controls.faults.replace(plan);
                done
            }
            Err(error) => Response::json(&json!({ "ok": false, "message": error.to_string() }))
                .with_status(StatusCode::BAD_REQUEST),
        }),
        (&Method::DELETE, "faults") => {
            controls.faults.clear();
            Some(done)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(controls: &Controls, method: Method, uri: &'static str, body: &'static str) -> u16 {
        let request = Request::local(method, http::Uri::from_static(uri), body);
        answer(controls, &request).map_or(0, |response| response.status.as_u16())
    }

    #[test]
    fn a_plan_is_replaced_and_removed() {
        let controls = Controls::default();
        let plan = r#"{"rules":[{"path":"/x","action":"reset"}]}"#;
        assert_eq!(call(&controls, Method::POST, "/__twin/faults", plan), 204);
        let request = Request::local(Method::GET, http::Uri::from_static("/x"), "");
        assert!(controls.faults.pick(&request).is_some());
        assert_eq!(call(&controls, Method::DELETE, "/__twin/faults", ""), 204);
        assert!(controls.faults.pick(&request).is_none());
    }

    #[test]
    fn a_plan_with_an_unknown_key_is_refused() {
        let plan = r#"{"rules":[{"pth":"/x","action":"reset"}]}"#;
        assert_eq!(
            call(&Controls::default(), Method::POST, "/__twin/faults", plan),
            400
        );
    }

    #[test]
    fn other_routes_are_left_to_the_simulator() {
        assert_eq!(
            call(&Controls::default(), Method::GET, "/__twin/catalog", ""),
            0
        );
        assert_eq!(call(&Controls::default(), Method::GET, "/journal", ""), 0);
    }
}
