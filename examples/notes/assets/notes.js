'use strict';
// The page works without this. With it, a file shows how far it has got, and what changes elsewhere appears by itself.

const list = document.getElementById('notes');
const status = document.getElementById('status');

async function load() {
    const answer = await fetch('/notes/list');
    if (!answer.ok || answer.redirected) {
        location.reload();
        return;
    }
    const open = list.querySelector('details[open]');
    if (open) { // not while somebody is writing
        open.addEventListener('toggle', load, { once: true });
        return;
    }
    list.innerHTML = await answer.text();
}

function watch() {
    const events = new EventSource(list.dataset.live);
    let hasBegun = false;
    events.addEventListener('changed', () => { load(); status.textContent = 'Up to date.'; });
    events.addEventListener('hello', () => {
        document.documentElement.dataset.live = 'yes';
        if (hasBegun) load(); // something may have been missed
        hasBegun = true;
    });
    events.onerror = () => { status.textContent = 'Not connected; trying again.'; };
}

function send(form) {
    const bar = document.getElementById('progress');
    const request = new XMLHttpRequest();
    request.upload.onprogress = (event) => { bar.value = event.loaded / event.total; };
    request.onloadend = () => {
        bar.hidden = true;
        if (request.status !== 200) {
            status.textContent = 'The note was not saved (' + (request.status || 'no connection') + ').';
            return;
        }
        status.textContent = 'Saved.';
        form.reset();
        load();
    };
    bar.value = 0;
    bar.hidden = !form.elements.file.files.length;
    request.open('POST', form.action);
    request.send(new FormData(form));
}

if (list) {
    watch();
    document.getElementById('new').addEventListener('submit', (event) => {
        event.preventDefault();
        send(event.target);
    });
}
