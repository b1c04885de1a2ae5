//! The name and password by which a broker knows us.

use std::fmt;
use std::path::Path;

use crate::endpoint::{EndpointError, FileRole, read};

/// A name and a password; the password never shows in debug output.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    name: String,
    password: String,
}

impl Login {
    /// Takes both from the caller.
    #[must_use]
    pub fn new(name: impl Into<String>, password: impl Into<String>) -> Self {
        Self { name: name.into(), password: password.into() }
    }

    /// Reads the password from a file, without the newline at its end.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is empty, or is not UTF-8 text.
    pub fn from_password_file(name: impl Into<String>, path: &Path) -> Result<Self, EndpointError> {
        let malformed = |reason: &str| EndpointError::Malformed {
            role: FileRole::Password,
            path: path.to_owned(),
            reason: reason.to_owned(),
        };
        let text = String::from_utf8(read(FileRole::Password, path)?)
            .map_err(|_| malformed("it is not UTF-8 text"))?;
        let password = text.strip_suffix('\n').unwrap_or(&text);
        let password = password.strip_suffix('\r').unwrap_or(password);
        if password.is_empty() {
            return Err(malformed("it is empty"));
        }
        Ok(Self::new(name, password))
    }

    /// Gives the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Gives the password.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn from_bytes(bytes: &[u8]) -> Result<Login, EndpointError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        fs::write(&path, bytes).unwrap();
        Login::from_password_file("mule", &path)
    }

    #[test]
    fn debug_output_shows_the_name_but_no_password() {
        let shown = format!("{:?}", Login::new("mule", "hunter2"));
        assert!(shown.contains("mule") && !shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn one_newline_at_the_end_of_the_file_is_cut_and_nothing_else() {
        for (bytes, password) in [("a b", "a b"), ("a b\n", "a b"), ("a b \r\n", "a b "), ("a\n\n", "a\n")] {
            assert_eq!(from_bytes(bytes.as_bytes()).unwrap().password(), password, "{bytes:?}");
        }
    }

    #[test]
    fn an_empty_password_file_is_refused_by_name() {
        for bytes in ["", "\n", "\r\n"] {
            let said = from_bytes(bytes.as_bytes()).unwrap_err().to_string();
            assert!(said.starts_with("the password file ") && said.contains("it is empty"), "{said}");
        }
        assert!(from_bytes(b"\xff").unwrap_err().to_string().contains("not UTF-8"));
    }

    #[test]
    fn a_missing_password_file_is_refused_by_name() {
        let said = Login::from_password_file("mule", Path::new("/no/such/file")).unwrap_err().to_string();
        assert!(said.contains("the password file /no/such/file cannot be read: No such file"), "{said}");
    }
}
