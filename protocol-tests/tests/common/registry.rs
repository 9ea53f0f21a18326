//! A schema registry on the loopback interface that answers as it is told.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::json;

/// What the registry does with a question.
#[derive(Debug, Clone)]
pub enum Reply {
    Says(u16, String),
    /// A part of an answer, then the end of the connection.
    BreaksOff,
    /// An answer that has no end.
    Endless,
    /// The end of the connection.
    Refuses,
    /// None, and the connection stays open until the client ends it.
    Silent,
}

/// A registry on the loopback interface; its thread ends with the test's process.
#[derive(Clone)]
pub struct TestRegistry {
    pub url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl TestRegistry {
    /// Answers each path, the number of questions before it beside it, as the script says.
    pub fn start(script: impl Fn(&str, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let (script, questions) = (Arc::new(script), Arc::clone(&asked));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (script, questions) = (Arc::clone(&script), Arc::clone(&questions));
                thread::spawn(move || serve(stream, &*script, &questions));
            }
        });
        Self { url, asked }
    }

    /// The paths of all questions.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("unpoisoned").clone()
    }
}

fn serve(mut stream: TcpStream, script: &dyn Fn(&str, usize) -> Reply, asked: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream.try_clone().expect("a second handle")).lines().map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    while lines.next().is_some_and(|line| !line.is_empty()) {}
    let before = {
        let mut asked = asked.lock().expect("unpoisoned");
        asked.push(path.clone());
        asked.len() - 1
    };
    // The client may be gone.
    let _gone = match script(&path, before) {
        Reply::Says(status, body) => write!(stream, "HTTP/1.1 {status} x\r\nContent-Length: {}\r\n\r\n{body}", body.len()),
        Reply::BreaksOff => write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{{\"schema\":"),
        Reply::Refuses => Ok(()),
        Reply::Endless => {
            let _gone = write!(stream, "HTTP/1.1 200 OK\r\n\r\n{{\"schema\":\"");
            while stream.write_all(&[b'x'; 1 << 16]).is_ok() {}
            Ok(())
        }
        Reply::Silent => {
            while lines.next().is_some() {}
            Ok(())
        }
    };
}

/// The schemas of a registry, which may be out of order.
#[derive(Clone, Default)]
pub struct Schemas {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// By path.
    answers: BTreeMap<String, String>,
    /// What it does instead of answering.
    ill: Option<Reply>,
    /// When it was asked for this, it becomes so.
    falls_ill: Option<(String, Reply)>,
}

impl Schemas {
    /// The schema of an id; of Avro where `kind` is none.
    pub fn id(&self, id: u32, kind: Option<&str>, text: &str) {
        let mut answer = json!({"schema": text});
        if let Some(kind) = kind {
            answer["schemaType"] = kind.into();
        }
        self.answer(&format!("/schemas/ids/{id}"), &answer.to_string());
    }

    /// What a path is answered with.
    pub fn answer(&self, path: &str, body: &str) {
        self.state.lock().expect("unpoisoned").answers.insert(path.into(), body.into());
    }

    /// From now on every question is answered so; well again with none.
    pub fn ill(&self, reply: Option<Reply>) {
        self.state.lock().expect("unpoisoned").ill = reply;
    }

    /// What every question is answered with once an id was asked for.
    pub fn ill_after(&self, id: u32, reply: Reply) {
        self.state.lock().expect("unpoisoned").falls_ill = Some((format!("/schemas/ids/{id}"), reply));
    }

    pub fn serve(&self) -> TestRegistry {
        let schemas = self.clone();
        TestRegistry::start(move |path, _| {
            let mut state = schemas.state.lock().expect("unpoisoned");
            let ill = state.ill.clone();
            if let Some((_, reply)) = state.falls_ill.take_if(|(after, _)| after == path) {
                state.ill = Some(reply);
            }
            match (&ill, state.answers.get(path)) {
                (Some(reply), _) => reply.clone(),
                (None, Some(body)) => Reply::Says(200, body.clone()),
                (None, None) => Reply::Says(404, json!({"error_code": 40403, "message": "Schema not found"}).to_string()),
            }
        })
    }
}
