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
            // What is no question gets no answer.
            if let Some(answer) = bytes.get(..length).and_then(|question| answer(question, &text)) {
                let _ = socket.send_to(&answer, from).await;
            }
        }
    });
    Ok(address)
}

fn answer(question: &[u8], text: &str) -> Option<Vec<u8>> {
    let question = Message::from_vec(question).ok()?;
    let name = question.queries.first()?.name().clone();
    let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
    answer.add_queries(question.queries.clone());
    answer.add_answer(Record::from_rdata(name, 60, RData::TXT(TXT::new(vec![text.to_owned()]))));
    answer.to_vec().ok()
}
