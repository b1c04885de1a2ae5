//! The address of the page: on loopback by default, and beyond it only with TLS.

use crate::cli::WebArgs;
use crate::exit::{Exit, Fault};
use axum::Router;
use axum_server::Handle;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::RustlsConfig;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

/// A bound address.
#[derive(Debug)]
pub(super) struct Place {
    listener: TcpListener,
    pub(super) address: SocketAddr,
    tls: Option<(PathBuf, PathBuf)>,
}

impl Place {
    pub(super) fn find(arguments: &WebArgs) -> Result<Self, Fault> {
        let wanted = arguments.listen;
        let tls = match (&arguments.tls_cert, &arguments.tls_key) {
            (Some(certificate), Some(key)) => Some((certificate.clone(), key.clone())),
            _ if !wanted.ip().is_loopback() => {
                let what = format!("{wanted} can be reached from other machines, and nothing is encrypted");
                let step = "add --tls-cert FILE --tls-key FILE (control-console certs makes them), or listen on 127.0.0.1 and forward it: ssh -L";
                return Err(Fault::new(Exit::Usage, what, step));
            }
            _ => None,
        };
        let listener = TcpListener::bind(wanted).map_err(|error| {
            let what = format!("{wanted} can't be listened on: {error}");
            Fault::new(Exit::Usage, what, "choose another port, or any free one: --listen 127.0.0.1:0")
        })?;
        let ready = listener.set_nonblocking(true).and_then(|()| listener.local_addr());
        let address = ready.map_err(|error| broken(&error))?;
        Ok(Self { listener, address, tls })
    }

    pub(super) const fn is_secure(&self) -> bool {
        self.tls.is_some()
    }

    /// Serves until `handle` says that it is over.
    pub(super) async fn serve(self, router: Router, handle: Handle<SocketAddr>) -> Result<(), Fault> {
        let service = router.into_make_service();
        let served = if let Some((certificate, key)) = self.tls {
            let read = RustlsConfig::from_pem_file(&certificate, &key).await;
            let config = read.map_err(|error| {
                let what = format!(
                    "{} and {} are no certificate with its key: {error}",
                    certificate.display(),
                    key.display()
                );
                Fault::new(Exit::Usage, what, "both are PEM files; control-console certs makes them")
            })?;
            // Over HTTP/2 a request has no Host to be judged by, and a socket could not be opened.
            let mut http = (*config.get_inner()).clone();
            http.alpn_protocols = vec![b"http/1.1".to_vec()];
            config.reload_from_config(Arc::new(http));
            let server =
                axum_server::from_tcp_rustls(self.listener, config).map_err(|error| broken(&error))?;
            server.map(|tls| tls.acceptor(NoDelayAcceptor)).handle(handle).serve(service).await
        } else {
            let server = axum_server::from_tcp(self.listener).map_err(|error| broken(&error))?;
            server.acceptor(NoDelayAcceptor).handle(handle).serve(service).await
        };
        served.map_err(|error| broken(&error))
    }
}

fn broken(error: &std::io::Error) -> Fault {
    Fault::new(Exit::Other, format!("the page can't be served: {error}"), "try again, on another port")
}
