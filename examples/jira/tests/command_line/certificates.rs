//! Whose certificates the program believes, between it and a Port and a Jira that speak TLS.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::process::{Program, jira, port};

const CERTIFICATES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../crates/ocean-core/tests/fixtures/tls"
);

const PORT: &str = "OCEAN__PORT__BASE_URL";
const JIRA: &str = "OCEAN__INTEGRATION__CONFIG__JIRA_HOST";

#[tokio::test]
async fn f11_the_operator_says_whose_certificates_are_believed() {
    let (jira, port) = (jira().await, port().await);
    let (jira_front, port_front) = (
        TlsFront::of(&jira.url()).await,
        TlsFront::of(&port.url()).await,
    );
    let ca = format!("{CERTIFICATES}/ca.pem");
    for settings in [
        &[("SSL_CERT_FILE", ca.as_str())][..],
        &[("SSL_CERT_DIR", CERTIFICATES)],
        &[
            ("OCEAN__SSL__PORT__VERIFY", "false"),
            ("OCEAN__SSL__THIRD_PARTY__VERIFY", "false"),
        ],
    ] {
        let mut program = Program::between(&jira, &port)
            .set(PORT, &port_front.url)
            .set(JIRA, &jira_front.url);
        for (name, value) in settings {
            program = program.set(name, value);
        }
        let ended = program.run(&["--once"]).await;
        assert_eq!(ended.code, Some(0), "{settings:?}: {}", ended.stderr);
    }
    assert!(port.entity_count("jiraIssue") > 0);
}

#[tokio::test]
async fn f11_a_certificate_that_nobody_believes_is_refused_at_once_and_by_name() {
    let (jira, port) = (jira().await, port().await);
    let front = TlsFront::of(&port.url()).await;
    let ended = Program::between(&jira, &port)
        .set(PORT, &front.url)
        .run(&["--once"])
        .await;
    assert_eq!(ended.code, Some(12), "{}", ended.stderr);
    assert!(ended.stderr.contains(&front.url), "{}", ended.stderr);
    assert!(ended.stderr.contains("UnknownIssuer"), "{}", ended.stderr);
    assert_eq!(front.connections.load(Ordering::SeqCst), 1);
    assert!(port.journal().is_empty());
}

#[tokio::test]
async fn f11_each_side_has_a_switch_of_its_own() {
    let (jira, port) = (jira().await, port().await);
    let front = TlsFront::of(&jira.url()).await;
    let side = |side: &str| {
        Program::between(&jira, &port)
            .set(JIRA, &front.url)
            .set(&format!("OCEAN__SSL__{side}__VERIFY"), "false")
    };
    let ended = side("PORT").run(&["--once"]).await;
    assert_eq!(ended.code, Some(12), "{}", ended.stderr);
    assert!(ended.stderr.contains("UnknownIssuer"), "{}", ended.stderr);
    assert_eq!(port.entity_count("jiraIssue"), 0);
    let ended = side("THIRD_PARTY").run(&["--once"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

/// A server that speaks TLS and hands everything on to a simulator that does not.
struct TlsFront {
    url: String,
    connections: Arc<AtomicUsize>,
    _task: JoinSet<()>,
}

impl TlsFront {
    async fn of(simulator: &str) -> Self {
        let behind = simulator.trim_start_matches("http://").to_owned();
        let read = |name: &str| fs::read(format!("{CERTIFICATES}/{name}")).unwrap();
        let chain = CertificateDer::pem_slice_iter(&read("valid.pem"))
            .collect::<Result<Vec<_>, _>>()
            .unwrap();
        let key = PrivateKeyDer::from_pem_slice(&read("key.pem")).unwrap();
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(ring)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!(
            "https://localhost:{}",
            listener.local_addr().unwrap().port()
        );
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                let (acceptor, behind) = (acceptor.clone(), behind.clone());
                open.spawn(async move {
                    let Ok(mut outside) = acceptor.accept(socket).await else {
                        return;
                    };
                    let mut inside = TcpStream::connect(behind).await.unwrap();
                    let _either_end_left = copy_bidirectional(&mut outside, &mut inside).await;
                });
            }
        });
        Self {
            url,
            connections,
            _task: task,
        }
    }
}
