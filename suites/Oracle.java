import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import software.amazon.event.ruler.Machine;

/** Reads lines of {"pattern", "event"}; answers each with true, false, or refused. */
class Oracle {
  public static void main(String[] words) throws Exception {
    ObjectMapper json = new ObjectMapper();
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
    PrintStream out = new PrintStream(System.out, false, "UTF-8");
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      JsonNode asked = json.readTree(line);
      String answer;
      try {
        Machine machine = new Machine();
        machine.addRule("rule", asked.get("pattern").asText());
        answer = "" + !machine.rulesForJSONEvent(asked.get("event").asText()).isEmpty();
      } catch (Exception refused) {
        answer = "refused";
      }
      out.println(answer);
    }
    out.flush();
  }
}
