//! A DNS server for a test, with TXT records that the test sets.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use hickory_proto::{
    op::{Message, ResponseCode},
    rr::{RData, Record, rdata::TXT},
};
use tokio::net::UdpSocket;

/// The TXT record of each name.
#[derive(Clone, Default)]
pub struct Records(Arc<Mutex<HashMap<String, String>>>);

impl Records {
    pub fn set(&self, name: &str, text: &str) {
        self.0.lock().unwrap().insert(format!("{name}."), text.to_owned());
    }

    fn answer(&self, query: &[u8]) -> Vec<u8> {
        let query = Message::from_vec(query).unwrap();
        let mut answer = Message::response(query.metadata.id, query.metadata.op_code);
        answer.add_queries(query.queries.clone());
        let name = query.queries[0].name().clone();
        match self.0.lock().unwrap().get(&name.to_ascii().to_lowercase()) {
            Some(text) => {
                answer.add_answer(Record::from_rdata(name, 60, RData::TXT(TXT::new(vec![text.clone()]))));
            }
            None => answer.metadata.response_code = ResponseCode::NXDomain,
        }
        answer.to_vec().unwrap()
    }
}

/// Serves the records until the test ends.
pub async fn serve(records: Records) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut bytes = [0; 4096];
        while let Ok((length, from)) = socket.recv_from(&mut bytes).await {
            socket.send_to(&records.answer(&bytes[..length]), from).await.unwrap();
        }
    });
    address
}
