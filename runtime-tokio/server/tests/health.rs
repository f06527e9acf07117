//! `throng health`: over HTTP and HTTPS, behind proxies, and when nothing healthy answers.

mod support;

use rustix::process::Signal;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};
use support::{Folder, Program, output_of};

const CONFIG: &str = "listen: 127.0.0.1:0\n";

/// The exit code and what is printed.
fn told(arguments: &[&str]) -> (Option<i32>, String) {
    let output = output_of(&[&["health"], arguments].concat());
    (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

/// Asks the program with its own config and its port.
fn ask(program: &Program, more: &[&str]) -> (Option<i32>, String) {
    let file = program.folder.0.join("throng.yaml").display().to_string();
    told(&[&["--config", &file, "--listen", &program.address.to_string()], more].concat())
}

fn certificate(folder: &Path) {
    let made = rcgen::generate_simple_self_signed(["throng.example".to_owned()]).expect("a certificate");
    std::fs::write(folder.join("one.crt"), made.cert.pem()).expect("it is written");
    std::fs::write(folder.join("one.key"), made.signing_key.serialize_pem()).expect("it is written");
}

/// A program with a certificate that is not for this machine's address. The paths are whole: `throng health` runs elsewhere.
fn secure(more: &str) -> Program {
    let folder = Folder::new();
    certificate(&folder.0);
    let path = |name: &str| folder.0.join(name).display().to_string();
    let text = format!(
        "listen: 127.0.0.1:0\ntls: {{ certificate: {}, key: {}, watch: 0 }}\n{more}",
        path("one.crt"),
        path("one.key")
    );
    Program::start_in(folder, &text)
}

#[test]
fn health_asks_the_program_that_runs() {
    let mut program = Program::start(CONFIG);
    let listen = program.address.to_string();
    let ask = |arguments: &[&str]| {
        let output = output_of(&[&["health", "--listen", &listen][..], arguments].concat());
        (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let (code, said) = ask(&[]);
    assert!(code == Some(0) && said.contains("\"alive\""), "{said}");
    assert_eq!(ask(&["--ready"]).0, Some(0));
    // On all addresses, as in a container.
    let port = format!(":{}", program.address.port());
    assert_eq!(output_of(&["health", "--listen", &port]).status.code(), Some(0));
    // The environment of the container is that of the program.
    let folder = Folder::new();
    let file = folder.write("throng.yaml", &format!("listen: {}\n", program.address));
    assert_eq!(output_of(&["health", "--config", &file.display().to_string()]).status.code(), Some(0));
    program.signal(Signal::TERM);
    program.end();
    let (code, said) = ask(&[]);
    assert!(code == Some(1) && said.contains("/healthz: ") && said.contains("refused"), "{said}");
    assert_eq!(output_of(&["health", "--set", "listen=7"]).status.code(), Some(2));
}

#[test]
fn health_gives_up_on_who_never_answers() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let listen = silent.local_addr().expect("an address").to_string();
    let output = output_of(&["health", "--listen", &listen]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_program_with_a_certificate_is_asked_over_tls() {
    let mut program = secure("");
    let (code, said) = ask(&program, &[]);
    assert!(code == Some(0) && said.contains("\"alive\"") && !said.contains("certificate"), "{said}");
    assert_eq!(ask(&program, &["--ready"]).0, Some(0));
    // The question in the other language.
    let listen = program.address.to_string();
    let (code, said) = told(&["--listen", &listen]);
    assert!(
        code == Some(1) && said.contains("does not answer in HTTP") && said.contains("tls.certificate"),
        "{said}"
    );
    program.signal(Signal::TERM);
    program.end();
    let (code, said) = ask(&program, &[]);
    assert!(code == Some(1) && said.contains("https://") && said.contains("refused"), "{said}");
}

#[test]
fn a_renewed_certificate_is_a_warning_until_it_is_taken() {
    let program = secure("");
    let is_warned = |part: &str| {
        let (code, said) = ask(&program, &[]);
        assert!(code == Some(0) && said.contains("\"alive\"") && said.contains(part), "{said}");
    };
    certificate(&program.folder.0);
    is_warned("another certificate than `tls.certificate`");
    std::fs::rename(program.folder.0.join("one.crt"), program.folder.0.join("new.crt")).expect("it is there");
    is_warned("one.crt cannot be opened");
    std::fs::rename(program.folder.0.join("new.crt"), program.folder.0.join("one.crt")).expect("it is there");
    program.signal(Signal::HUP);
    program.logs("the config was reloaded");
    let (code, said) = ask(&program, &[]);
    assert!(code == Some(0) && !said.contains("certificate"), "{said}");
}

#[test]
fn a_program_without_tls_is_named_where_the_config_has_a_certificate() {
    let (plain, other) = (Program::start(CONFIG), secure(""));
    let file = other.folder.0.join("throng.yaml").display().to_string();
    let (code, said) = told(&["--config", &file, "--listen", &plain.address.to_string()]);
    assert!(code == Some(1) && said.contains("does not speak TLS"), "{said}");
}

#[test]
fn a_listener_that_expects_the_proxy_protocol_is_asked_with_it() {
    let proxies = "proxies: { trusted: [127.0.0.1], protocol: true }\n";
    for program in [Program::start(&format!("{CONFIG}{proxies}")), secure(proxies)] {
        let (code, said) = ask(&program, &[]);
        assert!(code == Some(0) && said.contains("\"alive\""), "{said}");
    }
}

#[test]
fn the_listener_of_the_clients_is_asked_where_the_api_has_another() {
    let program = secure("api: { listen: '127.0.0.1:0', keys: [key] }\n");
    let (code, said) = ask(&program, &[]);
    assert!(code == Some(0) && said.contains("\"alive\""), "{said}");
}

#[test]
fn a_port_that_the_system_chooses_cannot_be_asked() {
    let (code, said) = told(&["--listen", "127.0.0.1:0"]);
    assert!(code == Some(1) && said.contains("127.0.0.1:0") && said.contains("--listen HOST:PORT"), "{said}");
}

/// Bytes that come slowly, so that each read by itself is in time.
#[test]
fn health_gives_up_on_an_answer_or_handshake_that_never_ends() {
    let config = secure("");
    let file = config.folder.0.join("throng.yaml").display().to_string();
    for (first, more) in [(&b"HTTP/1.1 200 OK\r\n"[..], &[][..]), (b"", &["--config", &file][..])] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let listen = listener.local_addr().expect("an address").to_string();
        let slow = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("it comes");
            let mut sent = stream.write_all(first);
            while sent.is_ok() {
                std::thread::sleep(Duration::from_millis(100));
                // The type of a TLS record, and then its version and length.
                sent = stream.write_all(b"\x16");
            }
        });
        let begun = Instant::now();
        let (code, said) = told(&[&["--listen", &listen], more].concat());
        assert!(code == Some(1), "{said}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
        slow.join().expect("it ends with the connection");
    }
}
