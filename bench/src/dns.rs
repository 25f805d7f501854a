//! A DNS server in which every name has the same TXT record.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Result;
use hickory_proto::{
    op::Message,
    rr::{RData, Record, rdata::TXT},
};
use tokio::net::UdpSocket;

/// Serves the record on a free port of this machine.
///
/// # Errors
/// When there is no free port.
pub(crate) async fn serve(text: String) -> Result<SocketAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = socket.local_addr()?;
    tokio::spawn(async move {
        let mut bytes = [0; 4096];
        while let Ok((length, from)) = socket.recv_from(&mut bytes).await {
            // A malformed query gets no answer.
            if let Some(answer) = bytes.get(..length).and_then(|query| answer(query, &text)) {
                let _ = socket.send_to(&answer, from).await;
            }
        }
    });
    Ok(address)
}

fn answer(query: &[u8], text: &str) -> Option<Vec<u8>> {
    let query = Message::from_vec(query).ok()?;
    let name = query.queries.first()?.name().clone();
    let mut answer = Message::response(query.metadata.id, query.metadata.op_code);
    answer.add_queries(query.queries.clone());
    answer.add_answer(Record::from_rdata(name, 60, RData::TXT(TXT::new(vec![text.to_owned()]))));
    answer.to_vec().ok()
}
