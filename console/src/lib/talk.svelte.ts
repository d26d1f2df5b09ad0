// Talk: the voice of one call at this browser: its microphone, what comes from the other side, and
// whether the line is open. Nothing is said unless the key is held or the line was opened; who
// may talk, and whether it is recorded, is the node's and is in the picture.

import { post, Refused, remove } from './api';
import { faultOf } from './acting.svelte';
import type { Key } from './words.svelte';
import { t } from './words.svelte';

const GATHER_MS = 500;
const METER_MS = 100;
/** What a quiet voice makes of the meter, which is the loudest sample of a hundred ms. */
const LOUD = 0.5;

/** Why the browser gives no microphone, as the page says it. */
const NO_MICROPHONE: Record<string, Key> = {
  NotAllowedError: 'talk.denied', SecurityError: 'talk.denied', NotFoundError: 'talk.no_device',
  OverconstrainedError: 'talk.no_device', NotReadableError: 'talk.device_busy',
};

class Talk {
  /** The call that this browser talks in; empty if it does not. */
  call = $state('');
  /** The call that was last asked for. */
  about = $state('');
  busy = $state(false);
  fault = $state('');
  /** Whether the connection with the node has come about, and holds. */
  connected = $state(false);
  held = $state(false);
  open = $state(false);
  /** How loud each side is now, 0 to 1. */
  ours = $state(0);
  theirs = $state(0);
  #connection: RTCPeerConnection | null = null;
  #microphone: MediaStream | null = null;
  #audio: HTMLAudioElement | null = null;
  #context: AudioContext | null = null;
  #meter: ReturnType<typeof setInterval> | undefined;

  /** Whether what is said here goes out now. */
  get says(): boolean {
    return this.connected && (this.held || this.open);
  }

  /** Join the voice of a call, or begin it. */
  async join(call: string): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.about = call;
    this.fault = '';
    this.#let();
    try {
      this.#microphone = await microphone();
      this.call = call;
      await this.#connect(call);
    } catch (error) {
      this.#let();
      this.fault = error instanceof Refused ? faultOf(error) : t(NO_MICROPHONE[(error as Error).name] ?? 'talk.failed');
    } finally {
      this.busy = false;
    }
  }

  /** End the voice of the call on both sides. */
  async hangUp(call: string): Promise<void> {
    this.#let();
    this.fault = '';
    try {
      await remove(`talks/${call}`);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.fault = faultOf(error);
    }
  }

  /** Leave it here: the node says that it is over, or another browser has taken it. */
  leave(): void {
    this.#let();
  }

  hold(held: boolean): void {
    this.held = held && this.connected;
    this.#speak();
  }

  openLine(open: boolean): void {
    this.open = open;
    this.#speak();
  }

  #speak(): void {
    for (const track of this.#microphone?.getAudioTracks() ?? []) track.enabled = this.says;
  }

  async #connect(call: string): Promise<void> {
    const connection = new RTCPeerConnection({ iceServers: [] });
    this.#connection = connection;
    for (const track of this.#microphone?.getAudioTracks() ?? []) {
      track.enabled = false;
      connection.addTrack(track);
    }
    this.#listen(connection);
    const found = gathered(connection);
    await connection.setLocalDescription();
    await found;
    const { sdp } = await post<{ sdp: string }>(`talks/${call}`, { sdp: connection.localDescription?.sdp ?? '' });
    await connection.setRemoteDescription({ type: 'answer', sdp });
  }

  #listen(connection: RTCPeerConnection): void {
    const context = new AudioContext();
    this.#context = context;
    const ours = this.#microphone ? meter(context, this.#microphone) : () => 0;
    let theirs = (): number => 0;
    connection.ontrack = ({ track, receiver }) => {
      const stream = new MediaStream([track]);
      // A voice that is late is worse than one that clicks.
      if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = 0;
      this.#audio = new Audio();
      this.#audio.srcObject = stream;
      void this.#audio.play().catch(() => { this.fault = t('talk.no_sound'); });
      theirs = meter(context, stream);
    };
    connection.onconnectionstatechange = () => {
      if (connection !== this.#connection) return;
      this.connected = connection.connectionState === 'connected';
      if (this.connected) performance.mark('talks');
      this.#speak();
    };
    this.#meter = setInterval(() => {
      this.ours = this.says ? ours() : 0;
      this.theirs = theirs();
    }, METER_MS);
  }

  #let(): void {
    clearInterval(this.#meter);
    this.#connection?.close();
    for (const track of this.#microphone?.getTracks() ?? []) track.stop();
    this.#audio?.pause();
    void this.#context?.close();
    this.#connection = this.#microphone = this.#audio = this.#context = null;
    this.call = '';
    this.connected = this.held = this.open = false;
    this.ours = this.theirs = 0;
  }
}

async function microphone(): Promise<MediaStream> {
  // Outside a secure context a browser has no such thing at all.
  if (!('mediaDevices' in navigator)) throw new DOMException('', 'SecurityError');
  // Noise is not suppressed: what is recorded is what was said, and what was heard with it.
  const audio = { echoCancellation: true, noiseSuppression: false, autoGainControl: true };
  return navigator.mediaDevices.getUserMedia({ audio });
}

/** Return once the browser knows one address of its own, or soon: the node finds the others by
 * what comes from them. */
async function gathered(connection: RTCPeerConnection): Promise<void> {
  await new Promise<void>((done) => {
    setTimeout(done, GATHER_MS);
    connection.addEventListener('icecandidate', () => done());
  });
}

/** Return what tells how loud a stream is now. */
function meter(context: AudioContext, stream: MediaStream): () => number {
  const analyser = context.createAnalyser();
  analyser.fftSize = 2_048;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  return () => {
    analyser.getFloatTimeDomainData(samples);
    return Math.min(1, samples.reduce((most, each) => Math.max(most, Math.abs(each)), 0) / LOUD);
  };
}

export const talk = new Talk();
