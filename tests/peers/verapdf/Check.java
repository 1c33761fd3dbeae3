// veraPDF finds each PDF to be PDF/UA-1. See `run`.

import java.io.FileInputStream;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;

public class Check {
    public static void main(String[] files) throws Exception {
        VeraGreenfieldFoundryProvider.initialise();
        PDFAFlavour flavour = PDFAFlavour.PDFUA_1;
        int passed = 0;
        for (String file : files) {
            try (FileInputStream in = new FileInputStream(file);
                    PDFAParser parser = Foundries.defaultInstance().createParser(in, flavour);
                    PDFAValidator validator = Foundries.defaultInstance().createValidator(flavour, false)) {
                ValidationResult result = validator.validate(parser);
                for (TestAssertion assertion : result.getTestAssertions()) {
                    System.err.println(assertion.getRuleId().getClause() + ": " + assertion.getMessage());
                }
                passed += result.isCompliant() && result.getTotalAssertions() > 0 ? 1 : 0;
            }
        }
        System.out.println(passed + " passed, " + (files.length - passed) + " failed");
        System.exit(passed == files.length && passed > 0 ? 0 : 1);
    }
}
