// Serves Azure blobs from memory, with one container, on a free port of this machine; prints NAME=value for the tests.
//
// usage: azure_server.mjs FOLDER CONTAINER, where `npm install azurite` has run in FOLDER

import { spawn } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';

const [folder, container] = process.argv.slice(2);
const account = 'shop';
const key = randomBytes(32);

// Clients may be newer than the server's list of versions.
const options = ['--inMemoryPersistence', '--disableTelemetry', '--skipApiVersionCheck', '--blobPort', '0'];
const server = spawn(process.execPath, [`${folder}/node_modules/azurite/dist/src/blob/main.js`, ...options], {
    env: { ...process.env, AZURITE_ACCOUNTS: `${account}:${key.toString('base64')}` },
    stdio: ['ignore', 'pipe', 'inherit'],
});
server.on('exit', (code) => process.exit(code ?? 1));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => server.kill());

// Signs as https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key says.
async function createContainer(origin) {
    const headers = { 'x-ms-date': new Date().toUTCString(), 'x-ms-version': '2021-08-06' };
    const signed = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
    const text = `PUT${'\n'.repeat(12)}${signed.join('')}/${account}/${account}/${container}\nrestype:container`;
    const signature = createHmac('sha256', key).update(text).digest('base64');
    headers.authorization = `SharedKey ${account}:${signature}`;
    const answer = await fetch(`${origin}/${account}/${container}?restype=container`, { method: 'PUT', headers });
    if (answer.status !== 201) throw new Error(`the container was not made: ${answer.status} ${await answer.text()}`);
}

let said = '';
let origin;
server.stdout.on('data', async (text) => {
    said += text;
    if (origin) return;
    origin = /listens on (http:\S+)/.exec(said)?.[1];
    if (!origin) return;
    await createContainer(origin);
    const variables = {
        LAKEWARDEN_AZURE_ENDPOINT: `${origin}/${account}`,
        LAKEWARDEN_AZURE_CONTAINER: container,
        AZURE_STORAGE_ACCOUNT_NAME: account,
        AZURE_STORAGE_ACCOUNT_KEY: key.toString('base64'),
    };
    process.stdout.write(Object.entries(variables).map(([name, value]) => `${name}=${value}\n`).join(''));
});
