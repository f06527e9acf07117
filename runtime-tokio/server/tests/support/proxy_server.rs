//! Real proxies in front of the program: nginx and HAProxy.

use super::{Folder, within};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

/// A proxy. Dropped, it is ended.
pub(crate) struct ProxyServer {
    pub(crate) address: SocketAddr,
    child: Child,
    _folder: Folder,
}

impl ProxyServer {
    /// nginx that tells the client in X-Forwarded-For, behind what the client has sent.
    pub(crate) fn nginx(program: SocketAddr) -> Self {
        Self::start(|port, folder| {
            let path = folder.0.display();
            let config = format!(
                "daemon off;\nmaster_process off;\npid {path}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\n  access_log off;\n  \
                 client_body_temp_path {path}/a; proxy_temp_path {path}/b; fastcgi_temp_path {path}/c; uwsgi_temp_path {path}/d; \
                 scgi_temp_path {path}/e;\n  server {{\n    listen 127.0.0.1:{port};\n    location / {{\n      \
                 proxy_pass http://{program};\n      proxy_http_version 1.1;\n      proxy_set_header Upgrade $http_upgrade;\n      \
                 proxy_set_header Connection \"upgrade\";\n      proxy_set_header Host $http_host;\n      \
                 proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n    }}\n  }}\n}}\n"
            );
            let file = folder.write("nginx.conf", &config);
            let mut command = Command::new("nginx");
            command.arg("-c").arg(file);
            command
        })
    }

    /// HAProxy in the mode `http` or `tcp`, with these options of its server line: `send-proxy` for the PROXY protocol, version 1.
    pub(crate) fn haproxy(program: SocketAddr, mode: &str, options: &str) -> Self {
        Self::start(|port, folder| {
            let forward = if mode == "http" { "  option forwardfor\n" } else { "" };
            let config = format!(
                "global\n  maxconn 100\ndefaults\n  mode {mode}\n  timeout connect 5s\n  timeout client 30s\n  timeout server 30s\n  \
                 timeout tunnel 30s\n{forward}frontend front\n  bind 127.0.0.1:{port}\n  default_backend back\nbackend back\n  \
                 server program {program} {options}\n"
            );
            let file = folder.write("haproxy.cfg", &config);
            let mut command = Command::new("haproxy");
            command.arg("-db").arg("-f").arg(file);
            command
        })
    }

    fn start(command: impl Fn(u16, &Folder) -> Command) -> Self {
        loop {
            // Free when the listener is dropped, unless somebody else is given it at once.
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
            let address = listener.local_addr().expect("it has an address");
            drop(listener);
            let folder = Folder::new();
            let mut command = command(address.port(), &folder);
            let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
            let mut child =
                child.expect("nginx and haproxy are installed: apt-get install nginx-light haproxy");
            let has_begun = within("the proxy listens or ends", || {
                match child.try_wait().expect("it can be waited for") {
                    Some(_) => Some(false),
                    None => TcpStream::connect(address).is_ok().then_some(true),
                }
            });
            if has_begun {
                return Self { address, child, _folder: folder };
            }
        }
    }
}

impl Drop for ProxyServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
