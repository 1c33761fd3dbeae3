#!/bin/sh
# Two clinicians, two vaults, one folder between them. Needs `curtain` (or $CURTAIN), python3 with `cryptography`, and an empty
# folder to work in: sh docs/walkthrough.sh FOLDER
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
curtain=${CURTAIN:-curtain}
witness="python3 $root/tests/peers/cosign.py" # it cosigns whatever it is shown: to try things out
mkdir -p "$1" && cd "$1"
field() { python3 -c 'import json,sys; print(json.loads(sys.stdin.readlines()[-1])[sys.argv[1]])' "$1"; }
ada="--vault ada" ben="--vault ben" through="--through shared"

# Who they are. An issuer says that they are clinicians.
issuer=$($curtain identity issuer --key issuer.key)
for who in ada ben; do
    $curtain identity new --vault $who --name "Test $who"
    $curtain identity issue --key issuer.key --kind clinician --days 365 --out $who.credential \
        --user "$($curtain identity show --vault $who --json | field user)" \
        --device "$($curtain identity show --vault $who --json | field device)"
    $curtain identity credential --vault $who $who.credential
done

# A circle. Ben asks to join it with the invitation that Ada hands him; she lets him in.
$curtain circle new $ada --name Dermatology --audience teaching --history archive --issuer "$issuer" $through
$curtain circle invite $ada Dermatology --out invite
$curtain circle join $ben invite --out request
$curtain circle add $ada Dermatology request --role member $through
$curtain circle pull $ben invite $through
$curtain circle show $ben Dermatology

# A case: photo and story in, everything that was found decided by a person, what came out shown to the patient.
echo "A rash since 3 July 2024." > story
case=$($curtain post new $ada --title "A rash" --text story --json "$root/fixtures/orient/o6.jpg" | field case)
$curtain post review $ada "$case" --json > found
python3 - << 'DECIDE'
import json
found = json.load(open("found"))
decided = found["template"]  # covers and replaces all that was found; the checklist is for whoever looks
for photo in decided["photos"]:
    photo["checks"] = {check: "absent" for check in found["checks"]}
json.dump(decided, open("decisions", "w"))
DECIDE
$curtain post review $ada "$case" --decisions decisions --out to-show
echo "[[[10,10],[60,40],[20,80]],[[15,50],[70,50]]]" > strokes.json
$curtain post consent $ada "$case" --regime hipaa --level teaching --purpose teaching --giver patient \
    --patient "Test Patient" --recipients "members of Dermatology" --discloser "Test Clinic" --contact "room 1" \
    --description "a rash" --affirm understood --shown --signature strokes.json \
    --expires "$(date -u -d '+300 days' +%F)"

# Sealed at once; sent when a witness has seen the consent's log and the circle.
$curtain post seal $ada "$case" --circle Dermatology
$curtain ledger checkpoint $ada | $witness > checkpoint
$curtain ledger meet $ada checkpoint --witness "$($witness key)"
$curtain circle head $ada Dermatology | $witness > head
$curtain circle meet $ada Dermatology head --witness "$($witness key)"
$curtain post seal $ada "$case" --circle Dermatology $through

# Ben opens it.
$curtain post open $ben Dermatology $through --witness "$($witness key)" --out opened
