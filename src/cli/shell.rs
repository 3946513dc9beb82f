//! `kubepki context shell`: a context for one terminal alone.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use super::context::Where;
use super::exit::Exit;
use super::output::escape_line;
use super::{Session, Stop};
use crate::core::kubeconfig::{LoadPaths, load_paths};
use crate::core::{self as acts, Error, store};

/// The context of this shell; for prompts, so it has no control characters in it.
const CONTEXT: &str = "KUBEPKI_CONTEXT";
/// The kubeconfig of this shell. `$KUBECONFIG` is the same, unless somebody has set it to another.
const FILE: &str = "KUBEPKI_SHELL";
/// The files that the outermost shell was started from.
const OUTER: &str = "KUBEPKI_OUTER";

/// A program that is to run in the terminal of this one.
#[derive(Debug)]
pub struct Program {
    /// What is run, and with which arguments.
    pub words: Vec<OsString>,
    /// What is added to the environment.
    pub environment: Vec<(&'static str, OsString)>,
    /// Whether it is a shell that somebody types into, which passes over some signals.
    pub is_shell: bool,
}

/// Runs a program to its end and gives its exit code.
pub type Run<'a> = &'a dyn Fn(&Program) -> io::Result<u8>;

// `kubepki context shell`
#[derive(Args, Debug)]
pub struct ShellArgs {
    /// The context. Without one, choose on the terminal
    name: Option<String>,

    /// A command to run instead of a shell, and its arguments
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,

    #[command(flatten)]
    place: Where,
}

impl Session<'_> {
    /// Starts a shell, or a command, that sees one context alone; the files on disk do not change.
    pub(super) fn shell(&mut self, args: &ShellArgs) -> Result<Exit, Stop> {
        let paths = self.outer_paths(&args.place);
        let name = match &args.name {
            Some(name) => name.clone(),
            None => self.pick(&paths)?,
        };
        let alone = acts::alone(&paths, &name, &self.folder, &self.parents())?;
        self.tell(&alone.warnings, &alone.notes);
        let program = self.program(&args.command, &name, alone.file.path(), &paths);
        if program.is_shell {
            self.greet(&name);
        }
        let code = (self.programs)(&program).map_err(|source| not_run(&program, source))?;
        Ok(Exit::Program(code))
    }

    fn greet(&mut self, name: &str) {
        if let Some(outer) = self.inside() {
            self.out.note(&format!(
                "this is inside of the shell for `{outer}`, which goes on after it"
            ));
        }
        self.out.note(&format!("a shell for the context `{name}` alone; leave it with exit"));
    }

    /// The context of the shell that this run is in, as it is shown.
    fn inside(&self) -> Option<String> {
        let file = (self.environment)(FILE).filter(|file| !file.is_empty())?;
        let is_in_use = (self.environment)("KUBECONFIG").is_some_and(|list| list == file);
        let name = (self.environment)(CONTEXT).filter(|_| is_in_use)?;
        Some(name.to_string_lossy().into_owned())
    }

    /// Inside of a shell of ours, the files that it came from: its own has no other context to go to.
    fn outer_paths(&self, place: &Where) -> LoadPaths {
        match (self.environment)(OUTER) {
            Some(outer) if self.inside().is_some() && !place.is_typed() => {
                load_paths(None, Some(&outer), None)
            }
            _ => place.paths(self.environment),
        }
    }

    /// Where a file for this run may be: in the memory of the user's session, else among the temporary files.
    fn parents(&self) -> Vec<PathBuf> {
        let places = ["XDG_RUNTIME_DIR", "TMPDIR"].map(self.environment).into_iter().flatten();
        let places = places.map(PathBuf::from).chain([PathBuf::from("/tmp")]);
        places.filter(|place| place.is_absolute()).collect()
    }

    fn program(&self, command: &[OsString], name: &str, file: &Path, paths: &LoadPaths) -> Program {
        let shell = (self.environment)("SHELL").filter(|shell| !shell.is_empty());
        let words = match command {
            [] => vec![shell.unwrap_or_else(|| "/bin/sh".into())],
            words => words.to_vec(),
        };
        let environment = vec![
            ("KUBECONFIG", file.as_os_str().to_owned()),
            (CONTEXT, escape_line(name).into()),
            (FILE, file.as_os_str().to_owned()),
            (OUTER, self.absolute(paths)),
        ];
        Program { words, environment, is_shell: command.is_empty() }
    }

    /// The files as another working folder would name them.
    fn absolute(&self, paths: &LoadPaths) -> OsString {
        let paths = paths.all().iter().map(|path| self.folder.join(path).into_os_string());
        paths.collect::<Vec<_>>().join(OsStr::new(":"))
    }
}

fn not_run(program: &Program, source: io::Error) -> Error {
    let path = program.words.first().map(PathBuf::from).unwrap_or_default();
    store::Error::Io { doing: "run", path, source }.into()
}
