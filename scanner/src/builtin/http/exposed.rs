//! Files that a web server should not show. Each is known by its content: that a server answers 200 says nothing.

use super::client::Answer;

/// A file that should not be there.
pub(crate) struct Exposed {
    pub(crate) check: &'static str,
    /// What is asked for.
    pub(crate) asked: &'static str,
    /// The place that a finding names.
    pub(crate) path: &'static str,
    /// What shows that the answer is the file.
    pub(crate) is_it: fn(&Answer) -> Option<String>,
}

const fn file(
    check: &'static str,
    asked: &'static str,
    path: &'static str,
    is_it: fn(&Answer) -> Option<String>,
) -> Exposed {
    Exposed { check, asked, path, is_it }
}

const BACKUP: &str = "http-backup-exposed";

/// The files, those of one place one after the other.
pub(crate) const FILES: &[Exposed] = &[
    file("http-git-exposed", "/.git/config", "/.git/", git_config),
    file("http-git-exposed", "/.git/HEAD", "/.git/", git_head),
    file("http-svn-exposed", "/.svn/wc.db", "/.svn/", svn_database),
    file("http-svn-exposed", "/.svn/entries", "/.svn/", svn_entries),
    file("http-env-exposed", "/.env", "/.env", environment),
    file("http-ds-store-exposed", "/.DS_Store", "/.DS_Store", ds_store),
    file(BACKUP, "/backup.zip", "/backup.zip", archive),
    file(BACKUP, "/backup.tar.gz", "/backup.tar.gz", archive),
    file(BACKUP, "/www.zip", "/www.zip", archive),
    file(BACKUP, "/backup.sql", "/backup.sql", dump),
    file(BACKUP, "/dump.sql", "/dump.sql", dump),
    file(BACKUP, "/index.php.bak", "/index.php.bak", script),
    file(BACKUP, "/wp-config.php.bak", "/wp-config.php.bak", script),
    file(BACKUP, "/config.php.bak", "/config.php.bak", script),
    file("http-server-status-exposed", "/server-status", "/server-status", server_status),
    file("http-phpinfo-exposed", "/phpinfo.php", "/phpinfo.php", phpinfo),
    file("http-phpinfo-exposed", "/info.php", "/info.php", phpinfo),
    file("http-metrics-exposed", "/metrics", "/metrics", metrics),
    file("http-api-description-exposed", "/openapi.json", "/openapi.json", api_description),
    file("http-api-description-exposed", "/swagger.json", "/swagger.json", api_description),
];

fn shows(answer: &Answer, text: &str, what: &str) -> Option<String> {
    answer.text().contains(text).then(|| what.to_owned())
}

fn is_page(answer: &Answer) -> bool {
    let start: String = answer.text().trim_start().chars().take(64).collect::<String>().to_ascii_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html") || start.starts_with("<head")
}

fn git_config(answer: &Answer) -> Option<String> {
    let text = answer.text();
    let is_it = !is_page(answer) && text.lines().any(|line| line.trim() == "[core]") && text.contains('=');
    is_it.then(|| "/.git/config has a section [core]".to_owned())
}

fn git_head(answer: &Answer) -> Option<String> {
    let text = answer.text();
    let text = text.trim_end();
    let is_hash = text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let is_it = text.starts_with("ref: refs/heads/") && text.lines().count() == 1 || is_hash;
    is_it.then(|| "/.git/HEAD names a branch".to_owned())
}

fn svn_database(answer: &Answer) -> Option<String> {
    answer.body.starts_with(b"SQLite format 3\0").then(|| "/.svn/wc.db is a database of SQLite".to_owned())
}

fn svn_entries(answer: &Answer) -> Option<String> {
    let text = answer.text();
    let mut lines = text.lines();
    let number =
        lines.next().is_some_and(|line| (1..=2).contains(&line.len()) && line.bytes().all(|b| b.is_ascii_digit()));
    // Newer versions keep the number alone, older ones a list.
    let is_it = number && (text.trim_end().len() <= 2 || text.contains("\ndir\n"));
    is_it.then(|| "/.svn/entries begins with the number of its format".to_owned())
}

/// Lines such as `NAME=value`. The names are shown, the values never.
fn environment(answer: &Answer) -> Option<String> {
    /// The most names that are shown.
    const SHOWN: usize = 10;
    let text = answer.text();
    let mut names = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).take(200) {
        let (name, _) = line.strip_prefix("export ").unwrap_or(line).split_once('=')?;
        let name = name.trim();
        let is_name = |name: &str| {
            (1..=64).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        };
        // A line of something else shows that it is no such file.
        is_name(name).then(|| names.push(name.to_owned()))?;
    }
    let count = names.len();
    names.truncate(SHOWN);
    (count > 0).then(|| format!("{count} settings, such as {} (the values are left out)", names.join(", ")))
}

fn ds_store(answer: &Answer) -> Option<String> {
    answer.body.starts_with(b"\0\0\0\x01Bud1").then(|| "The file begins as the Finder writes it".to_owned())
}

fn archive(answer: &Answer) -> Option<String> {
    let is_it = answer.body.starts_with(b"PK\x03\x04") || answer.body.starts_with(b"\x1f\x8b\x08");
    is_it.then(|| "The file is an archive".to_owned())
}

fn dump(answer: &Answer) -> Option<String> {
    let text = answer.text();
    let is_it = !is_page(answer)
        && ["CREATE TABLE", "INSERT INTO", "-- MySQL dump", "-- PostgreSQL database dump"]
            .iter()
            .any(|it| text.contains(it));
    is_it.then(|| "The file has statements of SQL".to_owned())
}

fn script(answer: &Answer) -> Option<String> {
    let is_it = answer.text().trim_start().starts_with("<?php");
    is_it.then(|| "The file is a program of PHP".to_owned())
}

fn server_status(answer: &Answer) -> Option<String> {
    shows(answer, "Apache Server Status", "The page is the status of Apache")
}

fn phpinfo(answer: &Answer) -> Option<String> {
    let is_it = answer.text().contains("phpinfo()") && answer.text().contains("PHP Version");
    is_it.then(|| "The page is that of phpinfo".to_owned())
}

fn metrics(answer: &Answer) -> Option<String> {
    let text = answer.text();
    let has = |start: &str| text.lines().any(|line| line.starts_with(start));
    let is_it = !is_page(answer) && has("# HELP ") && has("# TYPE ");
    is_it.then(|| "The file has metrics of Prometheus".to_owned())
}

/// A description that is longer than what is read is known by its beginning.
fn api_description(answer: &Answer) -> Option<String> {
    let text = answer.text();
    let start: String = text.trim_start().chars().take(2_000).collect();
    let is_it = start.starts_with('{')
        && ["\"openapi\"", "\"swagger\""].iter().any(|it| start.contains(it))
        && ["\"paths\"", "\"info\""].iter().any(|it| start.contains(it));
    is_it.then(|| "The file describes an interface".to_owned())
}

/// What shows that a page lists a directory.
pub(crate) fn directory_listing(page: &Answer) -> Option<String> {
    let text = page.text();
    ["<title>Index of /", "<title>Directory listing for ", "<h1>Index of /", "[To Parent Directory]"]
        .iter()
        .find(|it| text.contains(**it))
        .map(|it| format!("The page has {it:?}"))
}

/// What shows that a page is the one of a server that nobody has set up.
pub(crate) fn default_page(page: &Answer) -> Option<String> {
    let text = page.text();
    [
        "<title>Welcome to nginx!</title>",
        "Apache2 Debian Default Page",
        "Apache2 Ubuntu Default Page",
        "<html><body><h1>It works!</h1></body></html>",
        "<title>IIS Windows Server</title>",
        "<title>Apache Tomcat/",
        "Test Page for the Nginx HTTP Server",
    ]
    .iter()
    .find(|it| text.contains(**it))
    .map(|it| format!("The page has {it:?}"))
}

/// The paths that a site tells robots not to look at.
pub(crate) fn hidden_from_robots(answer: &Answer) -> Option<String> {
    const SHOWN: usize = 20;
    let text = answer.text();
    let rule = |line: &str| {
        let (name, value) = line.split_once(':')?;
        let path = value.split('#').next().unwrap_or_default().trim();
        (name.trim().eq_ignore_ascii_case("disallow") && path.len() > 1 && path.starts_with('/'))
            .then(|| path.to_owned())
    };
    let paths: Vec<String> = text.lines().filter_map(rule).take(SHOWN).collect();
    (!is_page(answer) && !paths.is_empty()).then(|| format!("/robots.txt names {}", paths.join(", ")))
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};
    use proptest::prelude::*;

    use super::*;

    fn answer(body: &[u8]) -> Answer {
        Answer { status: StatusCode::OK, headers: HeaderMap::new(), body: body.to_vec() }
    }

    fn found(asked: &str, body: &[u8]) -> Option<String> {
        let file = FILES.iter().find(|it| it.asked == asked).unwrap();
        (file.is_it)(&answer(body))
    }

    #[test]
    fn files_are_known_by_their_content() {
        assert!(found("/.git/config", b"[core]\n\tbare = false\n").is_some());
        assert!(found("/.git/HEAD", b"ref: refs/heads/main\n").is_some());
        assert!(found("/.svn/entries", b"12\n").is_some());
        assert!(found("/metrics", b"# HELP up x\n# TYPE up gauge\nup 1\n").is_some());
        assert!(found("/openapi.json", b"{\"openapi\":\"3.1.0\",\"info\":{}}").is_some());
        assert!(found("/backup.zip", b"PK\x03\x04...").is_some());
        assert!(hidden_from_robots(&answer(b"User-agent: *\nDisallow: /admin # x\nDisallow: /\n")).is_some());
    }

    #[test]
    fn a_page_that_answers_everything_shows_no_file() {
        let page = b"<!DOCTYPE html><html><body>[core] x=1 CREATE TABLE A=1\nB=2 Disallow: /x</body></html>";
        for file in FILES {
            assert_eq!((file.is_it)(&answer(page)), None, "{}", file.asked);
        }
        assert_eq!(hidden_from_robots(&answer(page)), None);
    }

    #[test]
    fn values_of_settings_are_never_shown() {
        let shown = found("/.env", b"# x\nDB_PASSWORD=hunter2\nexport APP_KEY=abc\n").unwrap();
        assert!(shown.contains("DB_PASSWORD, APP_KEY") && !shown.contains("hunter2") && !shown.contains("abc"));
        assert_eq!(found("/.env", b"not=a setting\n"), None);
    }

    proptest! {
        #[test]
        fn no_body_breaks_the_readers(body: Vec<u8>) {
            let answer = answer(&body);
            FILES.iter().for_each(|file| drop((file.is_it)(&answer)));
            directory_listing(&answer);
            default_page(&answer);
            hidden_from_robots(&answer);
        }
    }
}
