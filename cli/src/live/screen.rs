//! The terminal: taken over for the live view, and given back as it was, also on a panic.

use std::io::{self, Stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use tokio::sync::mpsc;

use crate::exit::Failure;
use crate::live::draw::draw;
use crate::live::model::{Key, ViewModel};
use crate::live::palette::Palette;

/// Keys that nobody has read yet; a key held down shall not fill the memory.
const KEYS: usize = 64;
const POLL: Duration = Duration::from_millis(50);
/// Whether the terminal is ours. It is given back once: a second time would move the cursor back over what was printed since.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal while it is ours.
pub(crate) struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    palette: Palette,
    keys: mpsc::Receiver<Input>,
    closing: Arc<AtomicBool>,
    reader: Option<thread::JoinHandle<()>>,
}

/// What comes from the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    /// A key.
    Key(Key),
    /// The size has changed: draw again.
    Resized,
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Screen").finish_non_exhaustive()
    }
}

impl Screen {
    /// Takes the terminal over.
    pub(crate) fn open() -> Result<Self, Failure> {
        give_back_on_panic();
        enable_raw_mode().map_err(Failure::Terminal)?;
        TAKEN.store(true, Ordering::SeqCst);
        let opened = Self::open_raw();
        if opened.is_err() {
            give_back();
        }
        opened.map_err(Failure::Terminal)
    }

    fn open_raw() -> io::Result<Self> {
        execute!(io::stdout(), EnterAlternateScreen, cursor::Hide)?;
        let terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
        let palette = Palette::for_environment(std::env::var_os("NO_COLOR").as_deref());
        let closing = Arc::new(AtomicBool::new(false));
        let (sender, keys) = mpsc::channel(KEYS);
        let stop = Arc::clone(&closing);
        let reader = thread::Builder::new().name("keys".to_owned()).spawn(move || read_keys(&sender, &stop))?;
        Ok(Self { terminal, palette, keys, closing, reader: Some(reader) })
    }

    /// Draws the view.
    pub(crate) fn draw(&mut self, view: &mut ViewModel) -> Result<(), Failure> {
        let palette = self.palette;
        self.terminal.draw(|frame| draw(frame, view, &palette)).map(|_| ()).map_err(Failure::Terminal)
    }

    /// The next input; none when the terminal has gone. Cancel safe.
    pub(crate) async fn input(&mut self) -> Option<Input> {
        self.keys.recv().await
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::Relaxed);
        self.keys.close();
        if let Some(reader) = self.reader.take() {
            // It looks at the flag after each poll; a terminal that is half given back would lose keys of the shell.
            let _ = reader.join();
        }
        give_back();
    }
}

/// Leaves the terminal as it was, if it was taken over.
pub(crate) fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    // Whatever of this fails, there is nobody left to tell.
    let _ = disable_raw_mode();
    let _ = execute!(io::stdout(), LeaveAlternateScreen, cursor::Show);
}

/// A panic of the main thread ends the program: its message must be readable. Other threads' panics are kept from the screen, they
/// arrive as the status of a table.
fn give_back_on_panic() {
    let main = thread::current().id();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if thread::current().id() == main {
            give_back();
            before(panic);
        } else {
            tracing::error!(target: "kolumn", "{panic}");
        }
    }));
}

fn read_keys(sender: &mpsc::Sender<Input>, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let input = match event::poll(POLL) {
            Ok(false) => continue,
            Ok(true) => match event::read() {
                Ok(Event::Key(key)) => key_of(key).map(Input::Key),
                Ok(Event::Resize(..)) => Some(Input::Resized),
                Ok(_) => None,
                Err(_) => return,
            },
            Err(_) => return,
        };
        if let Some(input) = input
            && let Err(mpsc::error::TrySendError::Closed(_)) = sender.try_send(input)
        {
            return;
        }
    }
}

fn key_of(key: KeyEvent) -> Option<Key> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return matches!(key.code, KeyCode::Char('c' | 'C')).then_some(Key::Interrupt);
    }
    Some(match key.code {
        KeyCode::Char(character) => Key::Character(character),
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Escape,
        KeyCode::Backspace => Key::Backspace,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_known_and_control_c_interrupts() {
        let press = |code, modifiers| key_of(KeyEvent::new(code, modifiers));
        assert_eq!(press(KeyCode::Char('q'), KeyModifiers::NONE), Some(Key::Character('q')));
        assert_eq!(press(KeyCode::Char('?'), KeyModifiers::SHIFT), Some(Key::Character('?')));
        assert_eq!(press(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Key::Interrupt));
        assert_eq!(press(KeyCode::Char('x'), KeyModifiers::CONTROL), None);
        assert_eq!(press(KeyCode::F(1), KeyModifiers::NONE), None);
        let release = KeyEvent::new_with_kind(KeyCode::Char('q'), KeyModifiers::NONE, KeyEventKind::Release);
        assert_eq!(key_of(release), None);
    }
}
