//! The way to the broker, step by step: address, port, TLS, login, topics.

use super::findings::{Check, Findings};
use crate::clock::{self, Clock};
use crate::exit::{Exit, Fault};
use crate::link::{self, Event, Link, Message, QoS, Subscriptions};
use crate::options::Options;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use vehicle_link::{Cause, UnixTime};
use vehicle_protocol::{Topic, VehicleId};

/// After the broker has sent what it had kept, silence for so long means that nothing more was kept.
const QUIET: Duration = Duration::from_millis(100);

/// Findings on the way to the broker.
pub(super) struct Reached {
    /// Retained messages that this login may read.
    pub(super) messages: Vec<Message>,
    /// The round trip to it, by the network alone.
    pub(super) way: Duration,
}

/// Goes as far as it gets.
pub(super) async fn reach(
    options: &Options,
    named: Option<&VehicleId>,
    findings: &mut Findings<'_>,
) -> Option<Reached> {
    let addresses = match resolve(options).await {
        Ok(addresses) => addresses,
        Err(fault) => return stop(Check::Address, &fault, findings),
    };
    let told: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
    let (host, told) = (options.endpoint.url.host(), told.join(", "));
    let what =
        if host == told { format!("{host}, no name to be resolved") } else { format!("{host} is {told}") };
    findings.ok(Check::Address, &what);
    let way = match knock(options, &addresses).await {
        Ok((address, way)) => {
            findings.ok(
                Check::Port,
                &format!("{address} answers in {:.1} ms", crate::transaction::in_milliseconds(way)),
            );
            way
        }
        Err(fault) => return stop(Check::Port, &fault, findings),
    };
    let filters =
        Topic::ALL.iter().filter(|topic| !topic.is_written_by_consoles() && **topic != Topic::Events);
    let filters = filters.chain([&Topic::Events]).copied().collect::<Vec<_>>();
    match listen(options, named, &filters).await {
        Ok(messages) => {
            tell_of_encryption(options, findings);
            tell_of_login(options, findings);
            let what = match messages.len() {
                0 => "subscribed; nothing came, so either no vehicle was ever here or the broker holds back"
                    .to_owned(),
                heard => format!("subscribed, {heard} retained messages came"),
            };
            findings.ok(Check::Topics, &what);
            Some(Reached { messages, way })
        }
        Err(refused) => {
            let check = refused.check();
            if check > Check::Encryption {
                tell_of_encryption(options, findings);
            }
            if check > Check::Login {
                tell_of_login(options, findings);
            }
            stop(check, &refused.fault, findings)
        }
    }
}

fn stop(check: Check, fault: &Fault, findings: &mut Findings<'_>) -> Option<Reached> {
    findings.fail(check, fault);
    let why = if check < Check::Login { "the broker is not reached" } else { "the broker does not let us" };
    findings.skip_after(check, why);
    None
}

async fn resolve(options: &Options) -> Result<Vec<SocketAddr>, Fault> {
    let url = &options.endpoint.url;
    let fault = |why: &str| {
        let step = format!(
            "check the name (getent hosts {}) and that DNS works, or give --broker an address",
            url.host()
        );
        Fault::new(Exit::BrokerNotReached, format!("{} has no address: {why}", url.host()), step)
    };
    let found = timeout(options.silence(), lookup_host((url.host(), url.port()))).await;
    let found = found.map_err(|_| fault("nobody answers in time"))?;
    let addresses: Vec<SocketAddr> = found.map_err(|error| fault(&error.to_string()))?.collect();
    if addresses.is_empty() { Err(fault("nobody knows one")) } else { Ok(addresses) }
}

/// The first address that answers, and how soon.
async fn knock(options: &Options, addresses: &[SocketAddr]) -> Result<(SocketAddr, Duration), Fault> {
    let mut problem = String::new();
    for address in addresses {
        let clock = Clock::start();
        let outcome = timeout(options.silence(), TcpStream::connect(address)).await;
        match outcome.unwrap_or_else(|_| Err(io::Error::from(ErrorKind::TimedOut))) {
            Ok(_) => return Ok((*address, clock.now())),
            Err(error) => problem = format!("{address}: {}", reason(&error)),
        }
    }
    let url = &options.endpoint.url;
    let step = if url.is_loopback() {
        "start a broker on this machine: systemctl start mosquitto; or name another with --broker".to_owned()
    } else {
        format!(
            "check that the broker runs and that no firewall shuts port {}; from here: nc -vz {} {}",
            url.port(),
            url.host(),
            url.port()
        )
    };
    Err(Fault::new(Exit::BrokerNotReached, problem, step))
}

fn reason(error: &io::Error) -> String {
    if error.kind() == ErrorKind::ConnectionRefused {
        "nothing listens there".to_owned()
    } else if error.kind() == ErrorKind::TimedOut {
        "nobody answers in time".to_owned()
    } else {
        error.to_string()
    }
}

fn tell_of_encryption(options: &Options, findings: &mut Findings<'_>) {
    let (url, tls) = (&options.endpoint.url, &options.endpoint.tls);
    if url.is_tls() {
        let who = tls.ca_file.as_ref().map_or_else(
            || "an authority that this machine trusts".to_owned(),
            |file| file.display().to_string(),
        );
        findings.ok(Check::Encryption, &format!("TLS; {who} vouches for {}", url.host()));
        let now = clock::wall().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = UnixTime::since_unix_epoch(now);
        match options.endpoint.ending() {
            Ok(Some(ending)) => match ending.warning(now) {
                None => findings.ok(Check::Encryption, &ending.told(now)),
                Some(warning) => {
                    findings.warn(Check::Encryption, &warning.what, &warning.next_step);
                }
            },
            Ok(None) => {}
            Err(error) => {
                findings.fail(Check::Encryption, &Fault { exit: Exit::Usage, advice: error.advice() });
            }
        }
    } else if url.is_loopback() {
        findings.ok(Check::Encryption, "none, and none is needed on the same machine");
    } else {
        let step = "have the broker speak TLS (control-console certs broker-config), and write mqtts://";
        findings.warn(
            Check::Encryption,
            "none: whoever is on the way reads the login and all that is said",
            step,
        );
    }
}

fn tell_of_login(options: &Options, findings: &mut Findings<'_>) {
    let endpoint = &options.endpoint;
    match (&endpoint.login, &endpoint.tls.cert_file) {
        (Some(login), _) => findings.ok(Check::Login, &format!("accepted as {}", login.name())),
        (None, Some(file)) => {
            findings.ok(Check::Login, &format!("accepted by the certificate {}", file.display()));
        }
        (None, None) if endpoint.url.is_loopback() => {
            findings.ok(Check::Login, "accepted without a name");
        }
        (None, None) => {
            let step = "give the broker an access list: control-console certs broker-config";
            findings.warn(Check::Login, "accepted without a name: so is everybody", step);
        }
    }
}

/// The reason for which nothing came from the broker.
pub(super) struct Refused {
    pub(super) fault: Fault,
    pub(super) cause: Option<Cause>,
}

impl Refused {
    /// Which step has failed.
    const fn check(&self) -> Check {
        match &self.cause {
            Some(Cause::Tls(_)) => Check::Encryption,
            Some(Cause::NotAllowed(_)) => Check::Topics,
            None
            | Some(
                Cause::Unreachable(_)
                | Cause::NotAuthorised
                | Cause::NotMqtt
                | Cause::Refused(_)
                | Cause::Lost(_),
            ) => Check::Login,
        }
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self { fault, cause: None }
    }
}

/// Fetches the retained messages on these topics, of one vehicle or of all; nothing is retained on the last one.
pub(super) async fn listen(
    options: &Options,
    named: Option<&VehicleId>,
    topics: &[Topic],
) -> Result<Vec<Message>, Refused> {
    let mut link = open(options, named, topics)?;
    let heard = hear(&mut link, options.silence()).await;
    link.close().await;
    heard
}

/// A link that listens to these topics.
pub(super) fn open(
    options: &Options,
    named: Option<&VehicleId>,
    topics: &[Topic],
) -> Result<Link<usize>, Fault> {
    let who = named.map_or("+", VehicleId::as_str);
    // QoS 0: brokers send all retained messages at once, instead of a few at a time between acknowledgements.
    let filters = topics.iter().map(|topic| (options.root.filter(who, *topic), QoS::AtMostOnce));
    Link::open(options.endpoint.clone(), Subscriptions { filters: filters.collect(), settle: true })
}

async fn hear(link: &mut Link<usize>, silence: Duration) -> Result<Vec<Message>, Refused> {
    let clock = Clock::start();
    let (mut messages, mut last) = (Vec::new(), None);
    loop {
        let until = last.map_or(silence, |last: Duration| last.saturating_add(QUIET));
        tokio::select! {
            event = link.next() => match event {
                Event::Message(message) if message.retained => {
                    last = last.map(|_| clock.now());
                    messages.push(message);
                }
                Event::Settled => last = Some(clock.now()),
                Event::Connected | Event::Up | Event::Acknowledged(_) | Event::Message(_) => {}
                Event::Barred(fault, cause) => return Err(Refused { fault, cause }),
                Event::Down(failure) | Event::NotGranted(failure) => {
                    return Err(Refused { fault: link::fault(&failure), cause: Some(failure.cause().clone()) });
                }
            },
            () = clock.reach(Some(until)) => {
                return if last.is_some() { Ok(messages) } else { Err(in_silence().into()) };
            }
        }
    }
}

/// The broker says nothing.
pub(super) fn in_silence() -> Fault {
    Fault::new(
        Exit::BrokerNotReached,
        "what listens at that port says nothing",
        "check that it is a broker, and whether it wants mqtt:// or mqtts://",
    )
}
