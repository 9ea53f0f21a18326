use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::join_all;
use tokio::time::advance;

use super::*;
use crate::config::{Properties, Settings};

const MINUTE: Duration = Duration::from_secs(60);

/// Tokens `t1`, `t2` and so on, each after a second; where `fails` says so none.
struct Source {
    asked: AtomicU32,
    lifetime: Duration,
    fails: fn(u32) -> bool,
}

impl TokenSource for Arc<Source> {
    fn token(&self) -> Pin<Box<dyn Future<Output = Result<Token, TokenError>> + Send + '_>> {
        let number = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        Box::pin(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if (self.fails)(number) {
                Err("the provider is down".into())
            } else {
                Ok(Token::new(format!("t{number}"), self.lifetime))
            }
        })
    }
}

fn tokens(lifetime: Duration, fails: fn(u32) -> bool) -> (Tokens, Arc<Source>) {
    let source = Arc::new(Source { asked: AtomicU32::new(0), lifetime, fails });
    let properties = Properties::from([("security.protocol", "SASL_PLAINTEXT"), ("sasl.mechanism", "OAUTHBEARER")]);
    let settings = Settings::from_properties(&properties).expect("valid").security.sasl.expect("SASL");
    (Tokens::new(Arc::new(Arc::clone(&source)), &settings), source)
}

async fn got(tokens: &Tokens) -> String {
    tokens.get().await.expect("a token").value().expose().to_owned()
}

fn asked(source: &Source) -> u32 {
    source.asked.load(Ordering::Relaxed)
}

#[tokio::test(start_paused = true)]
async fn one_question_serves_all_who_wait() {
    let (tokens, source) = tokens(MINUTE, |_| false);
    assert_eq!(join_all((0..10).map(|_| got(&tokens))).await, ["t1"; 10]);
    assert_eq!(asked(&source), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_replaced_when_it_has_lived_four_fifths_of_its_life() {
    let (tokens, source) = tokens(MINUTE, |_| false);
    got(&tokens).await;
    // Its life is counted from when it was asked for, a second ago.
    advance(Duration::from_millis(46_900)).await;
    assert_eq!(got(&tokens).await, "t1");
    advance(Duration::from_millis(200)).await;
    assert_eq!(got(&tokens).await, "t2");
    assert_eq!(asked(&source), 2);
}

#[tokio::test(start_paused = true)]
async fn while_no_other_can_be_had_the_old_token_serves_to_its_end() {
    let (tokens, _) = tokens(MINUTE, |number| number > 1);
    got(&tokens).await;
    advance(Duration::from_secs(50)).await;
    assert_eq!(got(&tokens).await, "t1");
    advance(Duration::from_secs(20)).await;
    assert_eq!(tokens.get().await.map(drop), Err(Error::Token { reason: "the provider is down".into() }));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_fails_is_asked_less_and_less_often() {
    let (tokens, source) = tokens(MINUTE, |number| number < 10);
    let begin = Instant::now();
    while tokens.get().await.is_err() {
        advance(Duration::from_millis(10)).await;
    }
    assert_eq!(asked(&source), 10);
    // Ten questions of a second each, and the pauses 0.1, 0.2, 0.4 and so on, at most 10 s.
    let pauses = begin.elapsed().as_secs_f64() - 10.0;
    assert!((32.7..33.5).contains(&pauses), "{pauses}");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_a_broker_refuses_is_not_used_again_and_a_newer_one_stays() {
    let (tokens, source) = tokens(MINUTE, |_| false);
    let first = tokens.get().await.expect("a token");
    tokens.refused(first.value()).await;
    assert_eq!(got(&tokens).await, "t2");
    tokens.refused(first.value()).await;
    assert_eq!(got(&tokens).await, "t2");
    assert_eq!(asked(&source), 2);
}

#[tokio::test(start_paused = true)]
async fn who_stops_waiting_leaves_the_question_to_the_next() {
    let (tokens, source) = tokens(MINUTE, |_| false);
    assert!(timeout(Duration::from_millis(10), tokens.get()).await.is_err());
    assert_eq!(got(&tokens).await, "t2");
    assert_eq!(asked(&source), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_token_is_refused_and_not_shown() {
    for (token, words) in [
        (Token::new("", MINUTE), "empty"),
        (Token::new("hunter2\u{1}", MINUTE), "characters"),
        (Token::new("hunter2", Duration::ZERO), "expired"),
        (Token::new("hunter2", MINUTE).extension("auth", "x"), "auth"),
    ] {
        let settings = {
            let properties = Properties::from([("security.protocol", "SASL_PLAINTEXT"), ("sasl.mechanism", "OAUTHBEARER")]);
            Settings::from_properties(&properties).expect("valid").security.sasl.expect("SASL")
        };
        let source = move || std::future::ready(Ok(token.clone()));
        let error = Tokens::new(Arc::new(source), &settings).get().await.map(drop).expect_err(words);
        assert!(error.to_string().contains(words) && !format!("{error:?}").contains("hunter2"), "{error}");
    }
}
