package curtain

import curtain.core.Cancel
import curtain.core.Cover
import curtain.core.Detectors
import curtain.core.PhotoException
import curtain.core.ProgressListener
import curtain.core.ListenerException
import curtain.core.Rect
import curtain.core.cleanFile
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.io.File

class CleanTest {
    @TempDir
    lateinit var folder: File

    private val photo = File(System.getProperty("curtain.fixtures"), "orient/o6.jpg").path

    @Test
    fun `a photo is cleaned with progress`() = runBlocking {
        val told = detectors.clean(photo, folder.path, listOf(Rect(1u, 1u, 9u, 9u))).toList()
        val done = told.last() as Cleaning.Done
        val running = told.dropLast(1).map { it as Cleaning.Running }
        assertTrue(running.size > 4 && running.last().done == running.last().all)
        assertTrue(done.photo.findings.isNotEmpty() && done.photo.leaks.isNotEmpty())
        assertEquals(0xff.toByte(), File(done.photo.path).readBytes().first())
    }

    @Test
    fun `who stops collecting cancels`() = runBlocking {
        assertTrue(detectors.clean(photo, folder.path).first() is Cleaning.Running)
        Thread.sleep(2_000)
        assertEquals(0, folder.list()!!.size)
    }

    @Test
    fun `what a listener throws ends the call`() {
        for (thrown in listOf(ListenerException.Stop(), IllegalStateException("undeclared"))) {
            val listener = object : ProgressListener {
                override fun progressed(done: UInt, all: UInt): Unit = throw thrown
            }
            val error = assertThrows(PhotoException::class.java) {
                cleanFile(detectors, photo, emptyList(), Cover.VEIL, folder.path, listener, null)
            }
            assertTrue(if (thrown is ListenerException) error is PhotoException.Cancelled else error is PhotoException.ListenerFailed)
        }
        assertEquals(0, folder.list()!!.size)
    }

    @Test
    fun `what is used after it was closed is told`() {
        val cancel = Cancel()
        cancel.close()
        assertThrows(IllegalStateException::class.java) { cancel.cancel() }
    }

    companion object {
        private val detectors = Detectors.load()
    }
}
