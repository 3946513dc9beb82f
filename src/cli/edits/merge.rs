//! `kubepki kubeconfig merge`

use std::path::{Path, PathBuf};

use clap::Args;

use super::Editing;
use crate::cli::exit::Exit;
use crate::cli::{Session, Stop};
use crate::core::kubeconfig::LoadPaths;
use crate::core::report::{Fate, MergeReport, MergedEntry};
use crate::core::{self as acts, How, Merge, MergedFile, OnConflict, Template};

// `kubepki kubeconfig merge`; the kubeconfig is the one that is merged into.
#[derive(Args, Debug)]
#[command(mut_arg("kubeconfig", |arg| arg.visible_alias("into")))]
pub struct MergeArgs {
    /// Kubeconfigs whose entries come in; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    #[command(flatten)]
    editing: Editing,

    /// Make a file that holds nothing else; `-` prints it
    #[arg(long, value_name = "FILE", conflicts_with = "kubeconfig")]
    out: Option<PathBuf>,

    /// With --out: replace what is there and differs
    #[arg(long, requires = "out")]
    force: bool,

    /// What becomes of an entry whose name another one has that differs: rename, keep (the one that is there), replace, or fail
    #[arg(long, value_name = "RULE", default_value = "rename")]
    on_conflict: OnConflict,

    /// Its new name, of its own {name} and that of its {file}; a number follows where that is taken too
    #[arg(long, value_name = "TEMPLATE", default_value = "{name}-{file}")]
    rename_to: Template,

    /// Take in the certificates and keys that are named by paths
    #[arg(long)]
    embed_certs: bool,

    /// Switch to the current context of the first FILE that has one; else that happens only where there is none
    #[arg(long)]
    switch: bool,

    #[command(flatten, next_help_heading = "What a FILE may do")]
    allowed: Allowed,
}

// What is refused otherwise.
#[derive(Args, Debug)]
struct Allowed {
    /// Users may run programs to get credentials
    #[arg(long)]
    allow_exec: bool,

    /// Users may have an auth provider, which may run programs
    #[arg(long)]
    allow_auth_provider: bool,

    /// Entries may name files outside of the folder of their FILE
    #[arg(long)]
    allow_outside_files: bool,

    /// Clusters may skip the check of the server's certificate
    #[arg(long)]
    allow_insecure: bool,

    /// Clusters may be reached through a proxy
    #[arg(long)]
    allow_proxy: bool,
}

impl Allowed {
    /// The names of the rules.
    fn rules(&self) -> Vec<&'static str> {
        let rules = [
            ("exec", self.allow_exec),
            ("auth-provider", self.allow_auth_provider),
            ("reads-outside", self.allow_outside_files),
            ("insecure", self.allow_insecure),
            ("proxy", self.allow_proxy),
        ];
        rules.into_iter().filter(|(_, is_allowed)| *is_allowed).map(|(rule, _)| rule).collect()
    }
}

impl Session<'_> {
    pub(in crate::cli) fn merge(&mut self, args: &MergeArgs) -> Result<Exit, Stop> {
        let mut sources = Vec::new();
        for file in &args.files {
            sources.push(self.source(file)?);
        }
        let wanted = Merge {
            sources,
            on_conflict: args.on_conflict,
            rename_to: args.rename_to.clone(),
            embed: args.embed_certs,
            switch: args.switch,
            allowed: args.allowed.rules(),
        };
        let how = self.how(&args.editing);
        match &args.out {
            None => {
                let report = acts::merge(&how, &wanted, &self.world)?;
                self.merged(&report)
            }
            Some(out) => self.merge_into(out, &wanted, how, args.force),
        }
    }

    fn merge_into(
        &mut self,
        out: &Path,
        wanted: &Merge,
        how: How,
        force: bool,
    ) -> Result<Exit, Stop> {
        let how = How { paths: LoadPaths::Explicit(out.to_owned()), ..how };
        let is_printed = out == Path::new("-");
        let to = MergedFile { out: (!is_printed).then(|| out.to_owned()), force };
        let (report, printed) = acts::merge_into_new(&how, wanted, &to, &self.world)?;
        if !is_printed {
            return self.merged(&report);
        }
        self.tell(&report.warnings, &report.notes);
        report.entries.iter().filter_map(odd).for_each(|note| self.out.note(&note));
        self.out.file(&printed)?;
        Ok(Exit::Done)
    }

    fn merged(&mut self, report: &MergeReport) -> Result<Exit, Stop> {
        self.tell(&report.warnings, &report.notes);
        self.out.report(report)?;
        Ok(Exit::Done)
    }
}

/// What one has to know who does not see the report.
fn odd(entry: &MergedEntry) -> Option<String> {
    let MergedEntry { action, kind, name, source, name_in_source } = entry;
    let there = format!("the {kind} `{name_in_source}` of {}", source.display());
    match action {
        Fate::Kept => Some(format!("{there} stays out: another one is there")),
        Fate::Replaced => Some(format!("{there} takes the place of another one")),
        Fate::Added | Fate::Folded if name != name_in_source => {
            Some(format!("{there} is `{name}` now"))
        }
        Fate::Added | Fate::Folded => None,
    }
}
