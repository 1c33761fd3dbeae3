// Uploads a file with tus-js-client: tus.js ENDPOINT FILE SHA256 STORY. Prints a line of JSON at its end.
'use strict';
const fs = require('fs');
const tus = require('tus-js-client');

const [endpoint, path, sha256, story] = process.argv.slice(2);
const MIB = 1 << 20;
const retryDelays = [100, 200, 300, 500, 500, 500];

// Starts an upload; resolves with it when it is done, or when `until` bytes are there and it was stopped.
function upload(options, until) {
  return new Promise((resolve, reject) => {
    const file = fs.createReadStream(path);
    const one = new tus.Upload(file, {
      endpoint,
      metadata: { sha256 },
      chunkSize: MIB,
      retryDelays,
      onError: reject,
      onSuccess: () => resolve(one),
      onChunkComplete: (_, offset) => {
        if (until && offset >= until) one.abort().then(() => resolve(one), reject);
      },
      ...options,
    });
    one.start();
  });
}

async function main() {
  switch (story) {
    case 'creation':
      return done(await upload({ uploadDataDuringCreation: true }));
    case 'resume': {
      const first = await upload({}, 2 * MIB);
      let resumedAt = null;
      const second = await upload({
        uploadUrl: first.url,
        onAfterResponse: (request, response) => {
          if (request.getMethod() === 'HEAD') resumedAt = Number(response.getHeader('Upload-Offset'));
        },
      });
      return done(second, { resumed_at: resumedAt });
    }
    case 'parallel':
      // Two at once, each with an upload of its own. Concatenation, which `parallelUploads` needs, is not offered.
      return done((await Promise.all([upload({}), upload({ uploadDataDuringCreation: true })]))[0]);
    case 'another_device': {
      // Both go on with one upload.
      const first = await upload({}, MIB);
      const both = [1, 2].map(() => upload({ uploadUrl: first.url, chunkSize: 300000, retryDelays: Array(40).fill(30) }));
      return done((await Promise.all(both))[0]);
    }
    case 'terminate': {
      const first = await upload({}, MIB);
      await first.abort(true);
      return done(first);
    }
    default:
      return done(await upload({}));
  }
}

function done(one, more) {
  console.log(JSON.stringify({ path: new URL(one.url).pathname, ...more }));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
