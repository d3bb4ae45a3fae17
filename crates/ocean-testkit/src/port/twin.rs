//! How does a test hold a simulated Port? [`PortTwin`] and its builder.

mod lake;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::Value;

use super::catalog::{Semantics, Writer, Writes};
use super::entity::{self, Content};
use super::routes::{Port, State};
use crate::fault::Faults;
use crate::journal::Journal;
use crate::server::{Controls, Server};

/// A running simulated Port. Dropping it ends it.
///
/// ```
/// use ocean_testkit::port::PortTwin;
/// use serde_json::json;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let port = PortTwin::builder().client("id", "secret").start().await?;
/// port.put_blueprint(json!({ "identifier": "service", "schema": { "properties": {} } }));
/// port.put_entity("service", json!({ "identifier": "api" }), "port-ocean/x/1/y/exporter");
/// assert_eq!(port.catalog().len(), 1);
/// assert!(port.url().starts_with("http://127.0.0.1:"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct PortTwin {
    server: Server,
    port: Arc<Port>,
}

/// Chooses how a [`PortTwin`] behaves; made by [`PortTwin::builder`].
#[derive(Debug)]
pub struct PortTwinBuilder {
    addr: SocketAddr,
    state: State,
}

impl PortTwinBuilder {
    /// Listens here instead of at a free port of the loopback interface.
    #[must_use]
    pub fn addr(mut self, addr: SocketAddr) -> Self {
        self.addr = addr;
        self
    }

    /// The credentials that get a token.
    #[must_use]
    pub fn client(mut self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        self.state.tokens.client_id = id.into();
        self.state.tokens.client_secret = secret.into();
        self
    }

    /// How long a token is valid; three hours unless set.
    #[must_use]
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.state.tokens.lifetime = lifetime;
        self
    }

    /// More entities in one bulk are refused with 413; 20 unless set.
    #[must_use]
    pub fn max_bulk_entities(mut self, count: usize) -> Self {
        self.state.limits.entities = count;
        self
    }

    /// A larger body of an upsert is refused with 413; one mebibyte unless set.
    #[must_use]
    pub fn max_body_bytes(mut self, bytes: usize) -> Self {
        self.state.limits.bytes = bytes;
        self
    }

    /// Feature flags of the organization; none unless set.
    #[must_use]
    pub fn feature_flags<T: Into<String>>(mut self, flags: impl IntoIterator<Item = T>) -> Self {
        self.state.organization.feature_flags = flags.into_iter().map(Into::into).collect();
        self
    }

    /// Integration types that Port provisions itself, and the mapping it then gives them.
    #[must_use]
    pub fn provisions<T: Into<String>>(
        mut self,
        types: impl IntoIterator<Item = T>,
        mapping: Value,
    ) -> Self {
        self.state.organization.provision_enabled = types.into_iter().map(Into::into).collect();
        self.state.integrations.provisioned = Some(mapping);
        self
    }

    /// Whether an upsert that changes nothing moves `updatedAt`; it does unless set.
    #[must_use]
    pub fn unchanged_moves_updated_at(self, moves: bool) -> Self {
        self.semantics(|semantics| semantics.unchanged_moves_updated_at = moves)
    }

    /// Whether a property that the blueprint lacks is refused; it is unless set.
    #[must_use]
    pub fn strict_properties(self, strict: bool) -> Self {
        self.semantics(|semantics| semantics.strict_properties = strict)
    }

    fn semantics(mut self, set: impl FnOnce(&mut Semantics)) -> Self {
        set(&mut self.state.catalog.semantics);
        self
    }

    /// Starts serving.
    ///
    /// # Errors
    ///
    /// The address cannot be listened at.
    pub async fn start(self) -> io::Result<PortTwin> {
        let controls = Controls::default();
        let clock = controls.clock.clone();
        let port = Arc::new(Port {
            state: self.state.into(),
            clock,
        });
        let server = Server::start_with(self.addr, Arc::clone(&port), controls).await?;
        Ok(PortTwin { server, port })
    }
}

impl PortTwin {
    /// Starts to describe a simulated Port.
    #[must_use]
    pub fn builder() -> PortTwinBuilder {
        PortTwinBuilder {
            addr: ([127, 0, 0, 1], 0).into(),
            state: State::default(),
        }
    }

    /// The base URL, without `/v1`.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The address that is listened at.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.server.addr()
    }

    /// What was asked so far.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        self.server.journal()
    }

    /// What goes wrong.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        self.server.faults()
    }

    /// Sets Port's clock ahead of this machine's, or behind it when negative.
    pub fn set_clock_offset(&self, offset: SignedDuration) {
        self.server.clock().set_offset(offset);
    }

    /// All entities in the order of blueprint and identifier, without times and datasource, so that
    /// the catalogs of two runs can be compared.
    #[must_use]
    pub fn catalog(&self) -> Vec<Value> {
        self.port.state().catalog.snapshot()
    }

    /// How many entities a blueprint has.
    #[must_use]
    pub fn entity_count(&self, blueprint: &str) -> usize {
        self.port
            .state()
            .catalog
            .blueprint(blueprint)
            .map_or(0, |one| one.entities.len())
    }

    /// One entity with `createdAt`, `updatedAt` and `$datasource`.
    #[must_use]
    pub fn entity(&self, blueprint: &str, identifier: &str) -> Option<Value> {
        let state = self.port.state();
        let found = state.catalog.entity(blueprint, identifier)?;
        let mut value = entity::value(blueprint, identifier, &found.content);
        let members = value.as_object_mut()?;
        members.insert(
            "createdAt".to_owned(),
            entity::time(found.created_at).into(),
        );
        members.insert(
            "updatedAt".to_owned(),
            entity::time(found.updated_at).into(),
        );
        members.insert("$datasource".to_owned(), found.datasource.as_ref().into());
        Some(value)
    }

    /// Puts an entity into the catalog as it is, owned by `datasource`: nothing is checked and
    /// nothing counted. Without its blueprint, or without an identifier, nothing happens.
    pub fn put_entity(&self, blueprint: &str, entity: Value, datasource: &str) {
        let Some(identifier) = entity.get("identifier").and_then(Value::as_str) else {
            return;
        };
        let text = |name: &str| entity.get(name).filter(|value| !value.is_null());
        let part = |name: &str| text(name).map(|value| value.to_string().into_boxed_str());
        let object = |name: &str| part(name).unwrap_or_else(|| "{}".into());
        let content = Content {
            title: part("title"),
            icon: part("icon"),
            team: part("team"),
            properties: object("properties"),
            relations: object("relations"),
        };
        let writer = Writer {
            datasource: datasource.into(),
            now: self.server.clock().now(),
        };
        let mut state = self.port.state();
        state.catalog.place(blueprint, identifier, content, &writer);
    }

    /// Sets or replaces a blueprint; its entities stay.
    pub fn put_blueprint(&self, blueprint: Value) {
        if let Some(identifier) = blueprint.get("identifier").and_then(Value::as_str) {
            let identifier = identifier.to_owned();
            self.port
                .state()
                .catalog
                .put_blueprint(&identifier, blueprint);
        }
    }

    /// A blueprint as last written.
    #[must_use]
    pub fn blueprint(&self, identifier: &str) -> Option<Value> {
        let state = self.port.state();
        let kept = state.catalog.blueprints.get(identifier)?;
        Some(kept.document.clone())
    }

    /// Takes a blueprint away with its entities, as someone at Port might in the middle of a run.
    pub fn remove_blueprint(&self, identifier: &str) {
        self.port.state().catalog.blueprints.remove(identifier);
    }

    /// All actions, in the order of their identifiers.
    #[must_use]
    pub fn actions(&self) -> Vec<Value> {
        self.port.state().extras.actions()
    }

    /// The scorecards of a blueprint, in the order of their identifiers.
    #[must_use]
    pub fn scorecards(&self, blueprint: &str) -> Vec<Value> {
        self.port.state().extras.scorecards(blueprint)
    }

    /// All pages, in the order of their identifiers.
    #[must_use]
    pub fn pages(&self) -> Vec<Value> {
        self.port.state().extras.pages()
    }

    /// The document of an integration as last written.
    #[must_use]
    pub fn integration(&self, identifier: &str) -> Option<Value> {
        self.port.state().integrations.document(identifier)
    }

    /// The examples that were sent for a kind.
    #[must_use]
    pub fn examples(&self, identifier: &str, kind: &str) -> Vec<Value> {
        self.port.state().integrations.examples(identifier, kind)
    }

    /// Sets the mapping of an integration, which is made when there is none.
    pub fn set_mapping(&self, identifier: &str, mapping: Value) {
        let now = self.server.clock().now();
        self.port
            .state()
            .integrations
            .set_mapping(identifier, mapping, now);
    }

    /// Asks a polling integration for a resync.
    pub fn request_resync(&self, identifier: &str) {
        let now = self.server.clock().now();
        self.port
            .state()
            .integrations
            .request_resync(identifier, now);
    }

    /// Changes the feature flags of the organization.
    pub fn set_feature_flags<T: Into<String>>(&self, flags: impl IntoIterator<Item = T>) {
        self.port.state().organization.feature_flags = flags.into_iter().map(Into::into).collect();
    }

    /// From now on every token given out so far is refused.
    pub fn expire_tokens(&self) {
        self.port.state().tokens.expire_all();
    }

    /// How often a token was asked for.
    #[must_use]
    pub fn token_calls(&self) -> u64 {
        self.port.state().tokens.calls()
    }

    /// What writers did to the catalog over HTTP so far.
    #[must_use]
    pub fn writes(&self) -> Writes {
        self.port.state().catalog.writes
    }

    /// Stops serving; see [`Server::stop`].
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use super::*;
    use crate::fault::{Action, Rule};

    /// Sends one request on a connection of its own; an answer cut off by a reset is empty.
    async fn post(port: &PortTwin, path: &str, token: &str, body: Value) -> String {
        let body = body.to_string();
        let mut stream = TcpStream::connect(port.addr()).await.unwrap();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\nUser-Agent: a/b\r\n\
             Authorization: Bearer {token}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        match stream.read_to_string(&mut answer).await {
            Ok(_) => answer,
            Err(_) => String::new(),
        }
    }

    async fn token(port: &PortTwin) -> String {
        let body = json!({ "clientId": "id", "clientSecret": "secret" });
        let answer = post(port, "/v1/auth/access_token", "", body).await;
        let json = answer.split_once("\r\n\r\n").unwrap().1;
        let json: Value = serde_json::from_str(json).unwrap();
        json["accessToken"].as_str().unwrap().to_owned()
    }

    async fn start() -> (PortTwin, String) {
        let port = PortTwin::builder()
            .client("id", "secret")
            .start()
            .await
            .unwrap();
        port.put_blueprint(json!({ "identifier": "b" }));
        let token = token(&port).await;
        (port, token)
    }

    const BULK: &str = "/v1/blueprints/b/entities/bulk?upsert=true";

    #[tokio::test]
    async fn an_ambiguous_success_is_in_the_catalog_although_the_answer_is_lost() {
        let (port, token) = start().await;
        port.faults()
            .add(Rule::new(Action::ApplyThenReset).path("/bulk").times(1));
        let body = || json!({ "entities": [{ "identifier": "x" }] });
        assert_eq!(post(&port, BULK, &token, body()).await, "");
        assert_eq!(port.entity_count("b"), 1);
        let again = post(&port, BULK, &token, body()).await;
        assert!(again.contains(r#""created":false"#), "{again}");
        assert_eq!((port.writes().created, port.writes().unchanged), (1, 1));
    }

    #[tokio::test]
    async fn expired_tokens_are_refused_until_a_new_one_is_fetched() {
        let (port, old) = start().await;
        port.expire_tokens();
        let body = || json!({ "entities": [] });
        assert!(
            post(&port, BULK, &old, body())
                .await
                .starts_with("HTTP/1.1 401")
        );
        let new = token(&port).await;
        assert!(
            post(&port, BULK, &new, body())
                .await
                .starts_with("HTTP/1.1 200")
        );
        assert_eq!(port.token_calls(), 2);
    }

    #[tokio::test]
    async fn times_of_entities_follow_the_clock_of_the_server() {
        let (port, token) = start().await;
        port.set_clock_offset(SignedDuration::from_hours(-24 * 365 * 20));
        post(
            &port,
            BULK,
            &token,
            json!({ "entities": [{ "identifier": "x" }] }),
        )
        .await;
        let entity = port.entity("b", "x").unwrap();
        assert!(entity["updatedAt"].as_str().unwrap() < "2020", "{entity}");
        assert_eq!(entity["$datasource"], "a/b");
    }
}
