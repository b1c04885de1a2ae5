//! `man`: manual pages from the definition of the command line.

use crate::cli::{self, ManArgs};
use crate::exit::{Exit, Fault};
use crate::output::Output;
use clap::Command;
use clap_mangen::Man;
use std::fs;
use std::io;
use std::path::Path;

/// Prints the page of the program, or writes all pages into a folder.
///
/// # Errors
/// If a page can't be written.
pub(crate) fn run(arguments: &ManArgs, output: &Output) -> Result<Exit, Fault> {
    let Some(folder) = &arguments.out else {
        let page = page().map_err(|error| fault(Path::new("-"), &error))?;
        output.line(page.trim_end());
        return Ok(Exit::Done);
    };
    fs::create_dir_all(folder)
        .and_then(|()| write(built(), folder))
        .map_err(|error| fault(folder, &error))?;
    output.talk(&format!("next: man -l {}", folder.join("control-console.1").display()));
    Ok(Exit::Done)
}

/// With the full names of all subcommands.
fn built() -> Command {
    let mut command = cli::definition();
    command.build();
    command
}

/// Writes the page of a command and those of all below it.
fn write(command: Command, folder: &Path) -> io::Result<()> {
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        write(below.clone(), folder)?;
    }
    man(command).generate_to(folder).map(|_| ())
}

/// The author stands at the foot; the date is left blank, so that the same source makes the same page.
fn man(command: Command) -> Man {
    Man::new(command).date(" ").source(concat!("control-console ", env!("CARGO_PKG_VERSION")))
}

fn page() -> io::Result<String> {
    let mut page = Vec::new();
    man(built()).render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

fn fault(place: &Path, error: &io::Error) -> Fault {
    let what = format!("the manual can't be written to {}: {error}", place.display());
    Fault::new(Exit::Usage, what, "choose another folder with --out")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_page_for_the_program_and_one_for_each_subcommand() {
        let folder = tempfile::tempdir().unwrap();
        let arguments = ManArgs { out: Some(folder.path().join("man")) };
        run(&arguments, &Output::new(false)).unwrap();
        for name in ["control-console.1", "control-console-send.1", "control-console-plot.1"] {
            let page = fs::read_to_string(folder.path().join("man").join(name)).unwrap();
            let title = name.trim_end_matches(".1");
            let foot = format!(".TH {title} 1 \" \" \"control-console ");
            assert!(page.contains(&foot), "{foot}: {page}");
        }
        assert!(page().unwrap().contains("demo"));
    }
}
