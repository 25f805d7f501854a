//! TXT records of the DNS.

use std::{net::SocketAddr, time::Duration};

use hickory_resolver::{
    Resolver, TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig},
    net::{NetError, runtime::TokioRuntimeProvider},
    proto::rr::{Name, RData},
};
use shared::{Error, Result};

/// The time limit of one query.
const ATTEMPT: Duration = Duration::from_millis(1500);
/// The time limit of all attempts.
const TOTAL: Duration = Duration::from_secs(3);

/// The texts of the TXT records at `name`, each with its strings joined; none when there is no such record. Without a
/// `server`, the query goes to those of the system.
///
/// # Errors
/// 422 for `domain` when the DNS does not answer, 500 when this machine has no DNS.
pub(crate) async fn texts(server: Option<SocketAddr>, name: &str) -> Result<Vec<Vec<u8>>> {
    // A fully qualified name: no search domain is appended to it.
    let query = Name::from_ascii(format!("{name}.")).map_err(|_| no_answer(name))?;
    let resolver = resolver(server).map_err(Error::internal)?;
    match tokio::time::timeout(TOTAL, resolver.txt_lookup(query)).await {
        Ok(Ok(answer)) => Ok(answer.answers().iter().filter_map(|record| text(&record.data)).collect()),
        Ok(Err(error)) if error.is_no_records_found() => Ok(Vec::new()),
        _ => Err(no_answer(name)),
    }
}

/// The error when the DNS does not answer.
pub(crate) fn no_answer(name: &str) -> Error {
    Error::invalid_field("domain", format!("the DNS did not answer for the TXT record {name}; try again"))
}

fn text(data: &RData) -> Option<Vec<u8>> {
    match data {
        RData::TXT(text) => Some(text.txt_data.concat()),
        _ => None,
    }
}

fn resolver(server: Option<SocketAddr>) -> Result<TokioResolver, NetError> {
    let mut builder = match server {
        Some(server) => {
            let config = ResolverConfig::from_name_servers(vec![name_server(server)]);
            Resolver::builder_with_config(config, TokioRuntimeProvider::default())
        }
        None => TokioResolver::builder_tokio()?,
    };
    let options = builder.options_mut();
    options.timeout = ATTEMPT;
    options.attempts = 1;
    options.cache_size = 0;
    builder.build()
}

fn name_server(server: SocketAddr) -> NameServerConfig {
    let at = |mut connection: ConnectionConfig| {
        connection.port = server.port();
        connection
    };
    NameServerConfig::new(server.ip(), true, vec![at(ConnectionConfig::udp()), at(ConnectionConfig::tcp())])
}

#[cfg(test)]
mod tests {
    use std::{net::UdpSocket, thread};

    use hickory_resolver::proto::{
        op::{Message, ResponseCode},
        rr::{Record, rdata::TXT},
    };

    use super::*;

    /// A server that answers one query.
    fn serve(code: ResponseCode, texts: Vec<Vec<&'static str>>) -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            let (length, from) = socket.recv_from(&mut bytes).unwrap();
            let query = Message::from_vec(&bytes[..length]).unwrap();
            let name = query.queries[0].name().clone();
            let mut answer = Message::response(query.metadata.id, query.metadata.op_code);
            answer.metadata.response_code = code;
            answer.add_queries(query.queries.clone());
            for text in texts {
                let text = TXT::new(text.into_iter().map(str::to_owned).collect());
                answer.add_answer(Record::from_rdata(name.clone(), 60, RData::TXT(text)));
            }
            socket.send_to(&answer.to_vec().unwrap(), from).unwrap();
        });
        address
    }

    async fn ask(server: SocketAddr) -> Result<Vec<Vec<u8>>> {
        texts(Some(server), "_scanward-verify.example.com").await
    }

    #[tokio::test]
    async fn the_strings_of_a_record_are_one_text() {
        let server = serve(ResponseCode::NoError, vec![vec!["other"], vec!["scanward-", "verification=x"]]);
        assert_eq!(ask(server).await.unwrap(), [b"other".to_vec(), b"scanward-verification=x".to_vec()]);
    }

    #[tokio::test]
    async fn no_record_is_an_answer() {
        assert!(ask(serve(ResponseCode::NXDomain, vec![])).await.unwrap().is_empty());
        assert!(ask(serve(ResponseCode::NoError, vec![])).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_missing_answer_is_an_error() {
        let refusing = serve(ResponseCode::Refused, vec![]);
        let too_long = "a.".repeat(120);
        for name in ["_scanward-verify.example.com", &format!("_scanward-verify.{too_long}example.com")] {
            let error = texts(Some(refusing), name).await.unwrap_err();
            assert!(format!("{error:?}").contains("did not answer"), "{error:?}");
        }
    }
}
