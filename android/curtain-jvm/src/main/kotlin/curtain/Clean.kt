package curtain

import curtain.core.Cancel
import curtain.core.CleanedPhoto
import curtain.core.Cover
import curtain.core.Detectors
import curtain.core.PhotoException
import curtain.core.ProgressListener
import curtain.core.Rect
import curtain.core.cleanFile
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.channels.awaitClose
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.callbackFlow
import kotlinx.coroutines.launch

/** How far a photo is. */
public sealed interface Cleaning {
    /** [done] of [all] runs of the detectors are done. */
    public data class Running(val done: Int, val all: Int) : Cleaning

    /** The photo is cleaned. The last that is told. */
    public data class Done(val photo: CleanedPhoto) : Cleaning
}

/**
 * Cleans the photo at [path] into [folder]: all that is found is covered, and [added] besides.
 *
 * Collecting begins the work, on a thread of its own; whoever stops collecting cancels it, and nothing is released.
 *
 * @throws curtain.core.PhotoException while it is collected; nothing was written.
 */
public fun Detectors.clean(
    path: String,
    folder: String,
    added: List<Rect> = emptyList(),
    cover: Cover = Cover.VEIL,
): Flow<Cleaning> = callbackFlow {
    val cancel = Cancel()
    val listener = object : ProgressListener {
        override fun progressed(done: UInt, all: UInt) {
            trySend(Cleaning.Running(done.toInt(), all.toInt()))
        }
    }
    launch(Dispatchers.IO) {
        val photo = try {
            cleanFile(this@clean, path, added, cover, folder, listener, cancel)
        } catch (cancelled: PhotoException.Cancelled) {
            // Nobody collects any more: coroutines have their own way to say it.
            ensureActive()
            throw cancelled
        }
        send(Cleaning.Done(photo))
        close()
    }
    awaitClose { cancel.cancel() }
}
