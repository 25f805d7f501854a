//! The XML that nmap writes, read as a stream of events: what was closed before the text broke off counts, nothing else
//! does. A document type is skipped, and no entity but the five of XML itself is known.

use std::net::IpAddr;

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

/// The deepest nesting of elements.
const DEPTH: usize = 24;

/// The most nodes of scripts in a run.
const NODES: usize = 200_000;

/// The most ports of a host.
const PORTS: usize = 2_000;

/// The most bytes of a text.
const TEXT: usize = 16 * 1024;

/// A host whose element was closed.
#[derive(Debug, Default)]
pub(super) struct Host {
    pub(super) addresses: Vec<IpAddr>,
    /// nmap gave up, and leaves the ports out.
    pub(super) timed_out: bool,
    pub(super) ports: Vec<Port>,
    /// The scripts of the host.
    pub(super) scripts: Vec<Script>,
}

/// A TCP port.
#[derive(Debug, Default)]
pub(super) struct Port {
    pub(super) number: u16,
    pub(super) is_tcp: bool,
    pub(super) is_open: bool,
    pub(super) service: Option<Service>,
    pub(super) scripts: Vec<Script>,
}

/// What nmap takes a service for.
#[derive(Debug, Default)]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) product: String,
    pub(super) version: String,
    pub(super) cpe: Option<String>,
    pub(super) is_tls: bool,
    /// Whether the service answered so, and the number of the port is not all there is.
    pub(super) is_probed: bool,
}

/// The output of a script.
#[derive(Debug, Default)]
pub(super) struct Script {
    pub(super) id: String,
    pub(super) output: String,
    pub(super) nodes: Vec<Node>,
}

/// A part of the output: an element with a text, or a table.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) key: String,
    pub(super) text: String,
    pub(super) nodes: Vec<Self>,
}

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Run {
    /// The first two numbers of nmap's version.
    pub(super) version: (u32, u32),
    pub(super) hosts: Vec<Host>,
    /// Whether nmap says that it came to its end.
    pub(super) is_finished: bool,
}

/// An element that is open.
enum Open {
    Host(Host),
    Port(Port),
    Script(Script),
    Node(Node),
    Cpe(String),
    Other,
}

/// Reads what nmap wrote, up to where it cannot be read.
pub(super) fn read(bytes: &[u8]) -> Run {
    let mut run = Run::default();
    // What is no text is nothing that matters: a program that was broken off, or a host that lies.
    let text = String::from_utf8_lossy(bytes);
    let mut reader = Reader::from_str(&text);
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<Open> = Vec::new();
    let mut nodes = 0;
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Eof => break,
            Event::Start(element) => {
                if open.len() >= DEPTH || nodes > NODES {
                    break;
                }
                let new = begin(&element, &mut open, &mut run);
                nodes += usize::from(matches!(new, Open::Node(_)));
                open.push(new);
            }
            Event::End(_) => match open.pop() {
                Some(closed) => end(closed, &mut open, &mut run),
                None => break,
            },
            Event::Text(text) => put(&mut open, text.as_ref()),
            Event::CData(text) => put(&mut open, text.as_ref()),
            Event::GeneralRef(reference) => {
                if let Ok(Some(char)) = reference.resolve_char_ref() {
                    put(&mut open, char.encode_utf8(&mut [0; 4]));
                } else if let Some(text) = quick_xml::escape::resolve_predefined_entity(&reference) {
                    put(&mut open, text);
                }
            }
            _ => {}
        }
    }
    run
}

/// The value of an attribute, bounded; empty where there is none.
fn attribute(element: &BytesStart<'_>, name: &str) -> String {
    let Ok(Some(found)) = element.try_get_attribute(name) else { return String::new() };
    let raw = found.value;
    // A text that is not well escaped is taken as it stands.
    let text = quick_xml::escape::unescape(&raw).unwrap_or_else(|_| raw.clone());
    let end = text.floor_char_boundary(TEXT);
    text.get(..end).unwrap_or_default().to_owned()
}

/// The first two numbers of a version such as `7.93` or `7.95SVN`.
fn version(text: &str) -> (u32, u32) {
    let mut numbers = text.split(|it: char| !it.is_ascii_digit()).map(|it| it.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

fn put(open: &mut [Open], text: &str) {
    let (Some(Open::Node(Node { text: into, .. })) | Some(Open::Cpe(into))) = open.last_mut() else { return };
    let end = text.floor_char_boundary(TEXT.saturating_sub(into.len()));
    into.push_str(text.get(..end).unwrap_or_default());
}

/// Opens an element, and takes what its attributes say of the one around it.
fn begin(element: &BytesStart<'_>, open: &mut [Open], run: &mut Run) -> Open {
    let name = element.name();
    let around = open.last_mut();
    match (name.as_ref(), around) {
        ("host", _) => Open::Host(Host { timed_out: attribute(element, "timedout") == "true", ..Host::default() }),
        ("address", Some(Open::Host(host))) => {
            host.addresses
                .extend(attribute(element, "addr").parse::<IpAddr>().ok().filter(|_| host.addresses.len() < 8));
            Open::Other
        }
        ("port", _) => Open::Port(Port {
            number: attribute(element, "portid").parse().unwrap_or(0),
            is_tcp: attribute(element, "protocol") == "tcp",
            ..Port::default()
        }),
        ("state", Some(Open::Port(port))) => {
            port.is_open = attribute(element, "state") == "open";
            Open::Other
        }
        ("service", Some(Open::Port(port))) => {
            port.service = Some(Service {
                name: attribute(element, "name"),
                product: attribute(element, "product"),
                version: attribute(element, "version"),
                cpe: None,
                is_tls: attribute(element, "tunnel") == "ssl",
                is_probed: attribute(element, "method") == "probed",
            });
            Open::Other
        }
        ("cpe", _) => Open::Cpe(String::new()),
        ("script", _) => Open::Script(Script {
            id: attribute(element, "id"),
            output: attribute(element, "output"),
            nodes: Vec::new(),
        }),
        ("table" | "elem", Some(Open::Script(_) | Open::Node(_))) => {
            Open::Node(Node { key: attribute(element, "key"), ..Node::default() })
        }
        ("nmaprun", None) => {
            run.version = version(&attribute(element, "version"));
            Open::Other
        }
        ("finished", _) => {
            run.is_finished = attribute(element, "exit") == "success";
            Open::Other
        }
        _ => Open::Other,
    }
}

/// Closes an element: it becomes part of the one around it.
fn end(closed: Open, open: &mut [Open], run: &mut Run) {
    match closed {
        Open::Host(host) => run.hosts.push(host),
        Open::Port(port) => {
            let host = open.iter_mut().rev().find_map(|it| if let Open::Host(host) = it { Some(host) } else { None });
            if let Some(host) = host.filter(|host| host.ports.len() < PORTS) {
                host.ports.push(port);
            }
        }
        Open::Script(script) => {
            let around = open.iter_mut().rev().find_map(|it| match it {
                Open::Port(port) => Some(&mut port.scripts),
                Open::Host(host) => Some(&mut host.scripts),
                _ => None,
            });
            if let Some(scripts) = around {
                scripts.push(script);
            }
        }
        Open::Node(node) => match open.last_mut() {
            Some(Open::Script(script)) => script.nodes.push(node),
            Some(Open::Node(table)) => table.nodes.push(node),
            _ => {}
        },
        Open::Cpe(text) => {
            let port = open.iter_mut().rev().find_map(|it| if let Open::Port(port) = it { Some(port) } else { None });
            if let Some(service) = port.and_then(|port| port.service.as_mut()) {
                // The first one is that of the application; others are of the operating system.
                service.cpe.get_or_insert(text);
            }
        }
        Open::Other => {}
    }
}

impl Script {
    /// The text of an element at the top.
    pub(super) fn value(&self, key: &str) -> Option<&str> {
        self.nodes.iter().find(|node| node.key == key).map(|node| node.text.trim())
    }

    /// A table at the top.
    pub(super) fn table(&self, key: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.key == key)
    }
}

impl Node {
    /// The text of an element in the table.
    pub(super) fn value(&self, key: &str) -> Option<&str> {
        self.nodes.iter().find(|node| node.key == key).map(|node| node.text.trim())
    }

    /// A table in the table.
    pub(super) fn table(&self, key: &str) -> Option<&Self> {
        self.nodes.iter().find(|node| node.key == key)
    }
}
