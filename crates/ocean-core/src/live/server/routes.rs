//! Which path means what? [`Routes`] compares it as it was sent: nothing is decoded, merged or
//! resolved, so no spelling of one path reaches another.

use std::collections::HashMap;

use http::Method;

use super::host::HealthCheck;

/// The paths of one server.
#[derive(Debug)]
pub(super) struct Routes(HashMap<String, Target>);

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// A webhook, by the path that its processors are registered at.
    Webhook(String),
    Health(HealthCheck),
    Metrics,
    Resync,
}

impl Routes {
    /// Webhooks, health and metrics stand below the prefix, the request for a resync does not: so it is in
    /// the original.
    pub(super) fn new<'a>(prefix: &str, webhooks: impl Iterator<Item = &'a str>) -> Self {
        let mut routes: HashMap<_, _> = webhooks
            .map(|path| {
                let slash = if path.starts_with('/') { "" } else { "/" };
                (
                    format!("{prefix}/integration{slash}{path}"),
                    Target::Webhook(path.to_owned()),
                )
            })
            .collect();
        for (name, check) in [("live", HealthCheck::Live), ("ready", HealthCheck::Ready)] {
            routes.insert(format!("{prefix}/health/{name}"), Target::Health(check));
        }
        for path in ["/metrics", "/metrics/"] {
            routes.insert(format!("{prefix}{path}"), Target::Metrics);
        }
        routes.insert("/resync".to_owned(), Target::Resync);
        Self(routes)
    }

    pub(super) fn find(&self, path: &str) -> Option<&Target> {
        self.0.get(path)
    }
}

impl Target {
    /// The only method that is answered.
    pub(super) const fn method(&self) -> Method {
        match self {
            Self::Webhook(_) | Self::Resync => Method::POST,
            Self::Health(_) | Self::Metrics => Method::GET,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn webhooks_health_and_metrics_stand_below_the_prefix() {
        let routes = Routes::new("/ocean", ["/webhook", "bare"].into_iter());

        let webhook = |path: &str| Some(Target::Webhook(path.to_owned()));
        for (path, target) in [
            ("/ocean/integration/webhook", webhook("/webhook")),
            ("/ocean/integration/bare", webhook("bare")),
            (
                "/ocean/health/live",
                Some(Target::Health(HealthCheck::Live)),
            ),
            (
                "/ocean/health/ready",
                Some(Target::Health(HealthCheck::Ready)),
            ),
            ("/ocean/metrics", Some(Target::Metrics)),
            ("/ocean/metrics/", Some(Target::Metrics)),
            ("/metrics", None),
            ("/resync", Some(Target::Resync)),
            ("/integration/webhook", None),
            ("/ocean/resync", None),
            ("/ocean/integration/webhook/", None),
            ("/ocean/integration//webhook", None),
            ("/ocean/integration/web%68ook", None),
            ("/ocean/integration/../resync", None),
        ] {
            assert_eq!(routes.find(path).cloned(), target, "{path}");
        }
    }
}
