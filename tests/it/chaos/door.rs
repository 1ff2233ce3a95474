//! The one address of the installation: passes connections on to a node that takes them, and at
//! times loses one, before the request or after it was answered.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::{AbortHandle, JoinSet},
};

use super::{chronicle::Chronicle, dice::Dice};

/// How often a connection is refused, and how often one loses an answer.
const REFUSED: f64 = 0.03;
const CUT: f64 = 0.06;

/// A listener in front of the nodes; it closes when dropped.
pub struct Door {
    pub port: u16,
    mischief: Arc<Mutex<Option<Dice>>>,
    listening: AbortHandle,
    _tasks: JoinSet<()>,
}

/// What happens to one connection.
#[derive(Clone, Copy)]
enum Fate {
    Good,
    Refused,
    /// Lost when this answer comes, counted from 1.
    CutAt(u64),
}

impl Door {
    pub async fn open(nodes: Vec<u16>, chronicle: Chronicle) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let mischief = Arc::new(Mutex::new(None));
        let mut tasks = JoinSet::new();
        let listening = tasks.spawn(listen(listener, nodes, Arc::clone(&mischief), chronicle));
        Self {
            port,
            mischief,
            listening,
            _tasks: tasks,
        }
    }

    /// Begins to lose connections, or ends it.
    pub fn set_mischief(&self, dice: Option<Dice>) {
        *self.mischief.lock().unwrap_or_else(PoisonError::into_inner) = dice;
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(listener: TcpListener, nodes: Vec<u16>, mischief: Arc<Mutex<Option<Dice>>>, chronicle: Chronicle) {
    let mut connections = JoinSet::new();
    let mut turn = 0;
    while let Ok((client, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        turn += 1;
        let fate = fate(&mischief);
        match fate {
            Fate::Good => {}
            Fate::Refused => chronicle.count("connection: refused"),
            Fate::CutAt(_) => chronicle.count("connection: to be cut at an answer"),
        }
        let order: Vec<u16> = (0..nodes.len()).map(|i| nodes[(turn + i) % nodes.len()]).collect();
        connections.spawn(pass(client, order, fate));
    }
}

fn fate(mischief: &Mutex<Option<Dice>>) -> Fate {
    let mut mischief = mischief.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(dice) = mischief.as_mut() else {
        return Fate::Good;
    };
    if dice.chance(REFUSED) {
        Fate::Refused
    } else if dice.chance(CUT) {
        Fate::CutAt(dice.between(1, 4))
    } else {
        Fate::Good
    }
}

async fn pass(client: TcpStream, nodes: Vec<u16>, fate: Fate) {
    if matches!(fate, Fate::Refused) {
        return;
    }
    for port in nodes {
        let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await else {
            continue;
        };
        let asked = Arc::new(AtomicBool::new(false));
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        tokio::select! {
            () = requests(from_client, to_server, &asked) => {}
            () = answers(from_server, to_client, &asked, fate) => {}
        }
        return;
    }
}

async fn requests(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, asked: &AtomicBool) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        asked.store(true, Ordering::Relaxed);
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}

async fn answers(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, asked: &AtomicBool, fate: Fate) {
    let mut buffer = vec![0; 16 * 1024];
    let mut answered = 0;
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        answered += u64::from(asked.swap(false, Ordering::Relaxed));
        if matches!(fate, Fate::CutAt(at) if at == answered) {
            return;
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
