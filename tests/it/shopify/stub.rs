//! A server that answers each request with the next reply of a script, and
//! keeps what it was asked. It speaks TCP itself, so that it can also break off.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use orderyard::shopify::Origin;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// What to do with one request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Status, header lines, body.
    Answer(u16, Vec<String>, Vec<u8>),
    /// Read the request, then close the connection.
    Lost,
    /// Read the request, then say nothing.
    Hang,
    /// Announce a longer body than is sent, then close.
    CutOff,
    /// A body without an end, in chunks.
    Endless,
}

#[derive(Clone, Debug)]
pub struct Request {
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

#[derive(Default)]
struct Script {
    replies: VecDeque<Reply>,
    requests: Vec<Request>,
}

pub struct Stub {
    port: u16,
    script: Arc<Mutex<Script>>,
    /// Ends the server when the stub is dropped.
    _tasks: JoinSet<()>,
}

impl Reply {
    pub fn json(body: &Value) -> Self {
        Self::Answer(200, vec![], body.to_string().into_bytes())
    }

    pub fn status(status: u16, body: &str) -> Self {
        Self::Answer(status, vec![], body.as_bytes().to_vec())
    }

    pub fn with_header(self, line: &str) -> Self {
        match self {
            Self::Answer(status, mut headers, body) => {
                headers.push(line.to_owned());
                Self::Answer(status, headers, body)
            }
            other => other,
        }
    }
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(have, _)| have.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }

    pub fn variables(&self) -> Value {
        self.json()["variables"].take()
    }

    pub fn operation(&self) -> String {
        self.json()["operationName"].as_str().expect("a name").to_owned()
    }

    pub fn form(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.body.as_bytes())
            .find(|(have, _)| have == name)
            .map(|(_, value)| value.into_owned())
    }
}

impl Stub {
    pub async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let script = Arc::new(Mutex::new(Script {
            replies: replies.into_iter().collect(),
            requests: vec![],
        }));
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, Arc::clone(&script)));
        Self {
            port,
            script,
            _tasks: tasks,
        }
    }

    pub fn origin(&self) -> Origin {
        Origin::parse(&format!("http://127.0.0.1:{}/{{shop}}", self.port)).expect("an origin")
    }

    /// Its address, for those that call it by another name than a shop's.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What was asked so far.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.script).requests.clone()
    }

    /// The only request.
    pub fn request(&self) -> Request {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests[0].clone()
    }
}

fn lock(script: &Mutex<Script>) -> std::sync::MutexGuard<'_, Script> {
    script.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: TcpListener, script: Arc<Mutex<Script>>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let script = Arc::clone(&script);
        connections.spawn(async move {
            // A client that goes away is what some tests are about.
            drop(handle(stream, &script).await);
        });
    }
}

async fn handle(stream: TcpStream, script: &Mutex<Script>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let request = read(&mut stream).await?;
    let reply = {
        let mut script = lock(script);
        script.requests.push(request);
        script
            .replies
            .pop_front()
            .unwrap_or_else(|| Reply::status(500, "the script has ended"))
    };
    match reply {
        Reply::Answer(status, headers, body) => {
            let mut head = format!("HTTP/1.1 {status} Status\r\nContent-Length: {}\r\n", body.len());
            for line in headers {
                head.push_str(&line);
                head.push_str("\r\n");
            }
            head.push_str("Connection: close\r\n\r\n");
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&body).await
        }
        Reply::Lost => Ok(()),
        Reply::Hang => std::future::pending().await,
        Reply::CutOff => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"data\"")
                .await
        }
        Reply::Endless => {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                .await?;
            loop {
                stream.write_all(b"10\r\n                \r\n").await?;
            }
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> std::io::Result<Request> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let path = lines
        .first()
        .and_then(|line| line.split(' ').nth(1))
        .unwrap_or_default();
    let headers: Vec<(String, String)> = lines
        .iter()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut request = Request {
        path: path.to_owned(),
        headers,
        body: String::new(),
    };
    let length = request
        .header("content-length")
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    request.body = String::from_utf8_lossy(&body).into_owned();
    Ok(request)
}
