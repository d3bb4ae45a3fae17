//! What certificates do to a call: refused at once and by name, or accepted because somebody says
//! whom to trust.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::error::{ErrorClass, error_chain};
use crate::http::{HttpClient, HttpClientBuilder, HttpError, RetryPolicy};

const CA: &[u8] = include_bytes!("../../../tests/fixtures/tls/ca.pem");
const KEY: &[u8] = include_bytes!("../../../tests/fixtures/tls/key.pem");
const VALID: &[u8] = include_bytes!("../../../tests/fixtures/tls/valid.pem");
const EXPIRED: &[u8] = include_bytes!("../../../tests/fixtures/tls/expired.pem");
const OTHER: &[u8] = include_bytes!("../../../tests/fixtures/tls/other.pem");
const SELF_SIGNED: &[u8] = include_bytes!("../../../tests/fixtures/tls/self.pem");
const LOOSE: &[u8] = include_bytes!("../../../tests/fixtures/tls/loose.pem");

/// A server hello that settles on TLS 1.0, which is all that an old server can say.
const OLD_HELLO: [u8; 47] = {
    let mut hello = [7; 47];
    let head = [22, 3, 1, 0, 42, 2, 0, 0, 38, 3, 1];
    let mut at = 0;
    while at < head.len() {
        hello[at] = head[at];
        at += 1;
    }
    // no session, a cipher suite of that time, no compression
    let tail = [0, 0, 47, 0];
    at = 0;
    while at < tail.len() {
        hello[43 + at] = tail[at];
        at += 1;
    }
    hello
};

/// A server that counts who comes.
struct TlsServer {
    url: String,
    connections: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl TlsServer {
    async fn with(certificate: &[u8]) -> Self {
        let chain = CertificateDer::pem_slice_iter(certificate);
        let chain = chain.collect::<Result<Vec<_>, _>>().unwrap();
        let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(ring)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Self::start(move |socket| {
            let acceptor = acceptor.clone();
            async move {
                let Ok(mut stream) = acceptor.accept(socket).await else {
                    return;
                };
                let mut request = [0; 1024];
                let _read = stream.read(&mut request).await;
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
                let _written = stream.write_all(answer).await;
                let _closed = stream.shutdown().await;
            }
        })
        .await
    }

    async fn that_says(words: &'static [u8]) -> Self {
        Self::start(move |mut socket| async move {
            let mut hello = [0; 1024];
            let _read = socket.read(&mut hello).await;
            let _written = socket.write_all(words).await;
            let _read = socket.read(&mut hello).await;
        })
        .await
    }

    async fn start<F>(handle: impl Fn(TcpStream) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!(
            "https://localhost:{}/a",
            listener.local_addr().unwrap().port()
        );
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut handled = JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                handled.spawn(handle(socket));
            }
        });
        Self {
            url,
            connections,
            _tasks: tasks,
        }
    }

    async fn ask(&self, client: HttpClientBuilder) -> Result<(), HttpError> {
        let request = http::Request::get(&self.url).body(Bytes::new()).unwrap();
        client.build()?.send(request).await.map(|_| ())
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// A client that would try again for long, if it thought that this helps.
fn client() -> HttpClientBuilder {
    let ms = Duration::from_millis;
    HttpClient::builder("tracker").retry(RetryPolicy::patient().delays(ms(1), ms(5)))
}

fn trusting() -> HttpClientBuilder {
    client().only_ca_pem(CA)
}

async fn is_refused(server: TlsServer, client: HttpClientBuilder, reason: &str) {
    let error = server.ask(client).await.unwrap_err();
    let told = error_chain(&error).to_string();
    assert!(matches!(error, HttpError::Connect { .. }), "{told}");
    assert_eq!(error.class(), ErrorClass::Permanent, "{told}");
    assert!(told.contains("localhost"), "{told}");
    assert!(told.contains(reason), "{told}");
    assert_eq!(server.connections(), 1, "{told}");
}

#[tokio::test]
async fn f11_an_expired_certificate_is_refused_at_once_and_by_name() {
    is_refused(TlsServer::with(EXPIRED).await, trusting(), "expired").await;
}

#[tokio::test]
async fn f11_a_certificate_of_another_host_is_refused_at_once_and_by_name() {
    let server = TlsServer::with(OTHER).await;
    is_refused(server, trusting(), "elsewhere.example").await;
}

#[tokio::test]
async fn f11_a_self_signed_certificate_is_refused_at_once_and_by_name() {
    let server = TlsServer::with(SELF_SIGNED).await;
    is_refused(server, trusting(), "UnknownIssuer").await;
}

#[tokio::test]
async fn f11_a_server_of_tls_1_0_is_refused_at_once_and_by_name() {
    let server = TlsServer::that_says(&OLD_HELLO).await;
    is_refused(server, trusting(), "incompatible").await;
    // What a server says that finds our versions too new.
    let server = TlsServer::that_says(&[21, 3, 1, 0, 2, 2, 70]).await;
    is_refused(server, trusting(), "ProtocolVersion").await;
}

#[tokio::test]
async fn f11_a_server_without_tls_is_refused_at_once_and_by_name() {
    let server = TlsServer::that_says(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    is_refused(server, trusting(), "corrupt message").await;
}

#[tokio::test]
async fn f11_who_signs_is_decided_by_the_operator() {
    let valid = TlsServer::with(VALID).await;
    assert!(valid.ask(trusting()).await.is_ok());
    let own = TlsServer::with(SELF_SIGNED).await;
    assert!(own.ask(client().only_ca_pem(SELF_SIGNED)).await.is_ok());
    let valid = TlsServer::with(VALID).await;
    is_refused(valid, client().only_ca_pem(SELF_SIGNED), "UnknownIssuer").await;
}

/// Extensions that the strict profile of other libraries wants are not asked for here.
#[tokio::test]
async fn a_certificate_without_key_identifiers_is_accepted() {
    let server = TlsServer::with(LOOSE).await;
    assert!(server.ask(trusting()).await.is_ok());
}

#[tokio::test]
async fn without_verification_any_certificate_of_any_host_is_accepted() {
    for certificate in [EXPIRED, OTHER, SELF_SIGNED] {
        let server = TlsServer::with(certificate).await;
        assert!(server.ask(trusting().verify_tls(false)).await.is_ok());
    }
}

#[test]
fn a_text_without_certificates_is_no_authority() {
    for text in [
        "",
        "just words",
        "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----",
    ] {
        for builder in [client().ca_pem(text), client().only_ca_pem(text)] {
            let error = builder.build().unwrap_err();
            assert!(matches!(error, HttpError::Setup { .. }), "{error}");
        }
    }
}
