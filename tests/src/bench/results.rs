//! Sections of `tests/RESULTS.md`, each between two markers, so that each run replaces its own.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Puts a section into the file in place of the one of the same name, or at its end.
///
/// # Errors
///
/// When the file cannot be written, or a marker in it has lost its other half.
pub fn write(name: &str, section: &str) -> Result<()> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("RESULTS.md");
    let text = fs::read_to_string(&file).with_context(|| format!("{}", file.display()))?;
    fs::write(&file, replaced(&text, name, section)?)?;
    Ok(())
}

fn replaced(text: &str, name: &str, section: &str) -> Result<String> {
    let (begin, end) = (format!("<!-- {name} begins -->"), format!("<!-- {name} ends -->"));
    let section = format!("{begin}\n{}\n{end}", section.trim());
    let Some((before, rest)) = text.split_once(&begin) else {
        return Ok(format!("{}\n\n{section}\n", text.trim_end()));
    };
    let (_, after) = rest.split_once(&end).with_context(|| format!("{end} is missing"))?;
    Ok(format!("{before}{section}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_added_once_and_then_replaced_in_its_place() -> Result<()> {
        let text = replaced("# Results\n", "bench", "old")?;
        assert_eq!(text, "# Results\n\n<!-- bench begins -->\nold\n<!-- bench ends -->\n");
        let text = replaced(&text, "other", "else")?;
        let text = replaced(&text, "bench", "new\n")?;
        let (first, second) = text.split_once("<!-- other begins -->").context("other")?;
        assert_eq!(first, "# Results\n\n<!-- bench begins -->\nnew\n<!-- bench ends -->\n\n");
        assert_eq!(second, "\nelse\n<!-- other ends -->\n");
        Ok(())
    }

    #[test]
    fn half_a_pair_of_markers_is_an_error() {
        assert!(replaced("<!-- bench begins -->\nold\n", "bench", "new").is_err());
    }
}
