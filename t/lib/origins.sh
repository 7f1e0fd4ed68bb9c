# Debian's servers for t/46-client-interop.t, in $D of process.sh, which is sourced by tls.sh first; each serves ./www:
#   start_nghttpd PORT         HTTP/2 in cleartext
#   start_h2o PORT TLS_PORT    HTTP/1.1 and 2
#   start_apache PORT TLS_PORT
#   start_nginx PORT TLS_PORT [REQUESTS]    PORT has HTTP/2 only, nginx.sock HTTP/1.1; a connection serves so many requests
# proxies.sh, sourced before, waits for them and ends them (`stop_proxies`). One that is not installed makes its start fail.

# Files of www: small, of 6 bytes, large, of 1,000,000.
make_www() {
    mkdir -p www && chmod 755 . www
    echo small >www/small
    head -c 1000000 /dev/zero | tr '\0' x >www/large
    cat server.pem server.key >both.pem
}

start_nghttpd() {
    nghttpd --no-tls -a 127.0.0.1 -d www "$1" >nghttpd.out 2>&1 &
    began "$1"
}

start_h2o() {
    cat >h2o.conf <<X
$([ "$(id -u)" = 0 ] && echo 'user: root')
num-threads: 1
pid-file: $PWD/h2o.pid
error-log: $PWD/h2o.log
listen: {host: 127.0.0.1, port: $1}
listen: {host: 127.0.0.1, port: $2, ssl: {certificate-file: $PWD/server.pem, key-file: $PWD/server.key}}
hosts:
  default:
    paths: {/: {file.dir: $PWD/www}}
X
    h2o -m worker -c h2o.conf >h2o.out 2>&1 &
    began "$2"
}

start_apache() {
    M=/usr/lib/apache2/modules
    cat >apache.conf <<X
ServerName localhost
ServerRoot $PWD
DefaultRuntimeDir $PWD
PidFile $PWD/apache.pid
ErrorLog $PWD/apache.log
LoadModule mpm_event_module $M/mod_mpm_event.so
LoadModule authz_core_module $M/mod_authz_core.so
LoadModule http2_module $M/mod_http2.so
LoadModule ssl_module $M/mod_ssl.so
User www-data
Group www-data
Listen 127.0.0.1:$1
Listen 127.0.0.1:$2
Protocols h2 h2c http/1.1
MaxKeepAliveRequests 50
DocumentRoot $PWD/www
<Directory $PWD/www>
    Require all granted
</Directory>
<VirtualHost 127.0.0.1:$2>
    SSLEngine on
    SSLCertificateFile $PWD/server.pem
    SSLCertificateKeyFile $PWD/server.key
</VirtualHost>
X
    apache2 -D FOREGROUND -f "$PWD/apache.conf" >apache.out 2>&1 &
    began "$2"
}

start_nginx() {
    mkdir -p nginx
    cat >nginx.conf <<X
user root; daemon off; error_log nginx/error.log; pid nginx/pid; events { worker_connections 500; }
http {
    access_log off; keepalive_requests ${3:-50}; root $PWD/www;
    client_body_temp_path nginx; proxy_temp_path nginx; fastcgi_temp_path nginx; uwsgi_temp_path nginx; scgi_temp_path nginx;
    server { listen 127.0.0.1:$1 http2; }
    server { listen unix:$PWD/nginx.sock; }
    server { listen 127.0.0.1:$2 ssl http2; ssl_certificate $PWD/server.pem; ssl_certificate_key $PWD/server.key; }
}
X
    nginx -p "$PWD" -c nginx.conf >nginx.out 2>&1 &
    began "$2"
}
