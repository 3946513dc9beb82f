//! A real terminal: a tmux of its own, with keys in and a screen out.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::world::World;

/// How long a screen is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// A terminal in a world; it ends with the value, and so does what runs in it.
pub struct Terminal<'a> {
    world: &'a World,
    socket: PathBuf,
}

impl<'a> Terminal<'a> {
    /// Starts `command` in a terminal of this size.
    pub fn start(world: &'a World, size: (u16, u16), command: &str) -> Self {
        // Never the socket of one that is about to end.
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("tmux-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let terminal = Self { world, socket: world.backstage(&name) };
        let (width, height) = (size.0.to_string(), size.1.to_string());
        let options = ["-f", "/dev/null", "new-session", "-d", "-x", &width, "-y", &height];
        terminal.tmux(&[&options[..], &[command]].concat());
        terminal
    }

    /// Types keys, by tmux's names for them: `Enter`, `Up`, `C-c`.
    pub fn keys(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    /// Types a text.
    pub fn text(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
    }

    /// Types a line.
    pub fn line(&self, text: &str) {
        self.text(text);
        self.keys(&["Enter"]);
    }

    /// What is to be seen now, without blanks at the ends of lines.
    pub fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"]).trim_end().to_owned()
    }

    /// The same with colours and the like.
    pub fn screen_with_colours(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-e"])
    }

    /// Makes it larger or smaller.
    pub fn resize(&self, size: (u16, u16)) {
        let (width, height) = (size.0.to_string(), size.1.to_string());
        self.tmux(&["resize-window", "-x", &width, "-y", &height]);
    }

    /// What tmux knows of the terminal, such as `#{pane_pid}`.
    pub fn fact(&self, format: &str) -> String {
        self.tmux(&["display-message", "-p", format]).trim_end().to_owned()
    }

    /// Waits for a screen that is as wanted, and gives it.
    pub fn wait(&self, wanted: impl Fn(&str) -> bool) -> String {
        let start = Instant::now();
        loop {
            let screen = self.screen();
            if wanted(&screen) {
                return screen;
            }
            assert!(start.elapsed() < PATIENCE, "it never came; the screen is:\n{screen}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until a text is to be seen.
    pub fn wait_for(&self, text: &str) -> String {
        self.wait(|screen| screen.contains(text))
    }

    fn tmux(&self, args: &[&str]) -> String {
        let mut command = self.world.command("tmux");
        command.env("TMPDIR", self.world.home()).arg("-S").arg(&self.socket).args(args);
        let output = command.output().expect("tmux, which this test needs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "tmux {args:?}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        let mut end = self.world.command("tmux");
        let _ = end.arg("-S").arg(&self.socket).arg("kill-server").output();
    }
}
