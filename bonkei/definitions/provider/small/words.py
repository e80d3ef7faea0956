"""The words that random_pet puts together."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.split()))


ADVERBS = _words(
    """
    abundantly actively aptly barely basically blindly boldly briefly brightly broadly calmly
    carefully cheerfully clearly closely deeply directly duly early easily eagerly evenly exactly
    fairly finely firmly freely freshly fully gently gladly globally gratefully greatly happily
    highly honestly ideally jointly kindly largely lightly likely literally locally loudly mainly
    mostly naturally neatly newly nicely openly partly plainly presently promptly quickly quietly
    rapidly rarely readily really richly roughly safely secretly simply slowly smoothly softly
    solidly strangely strictly strongly subtly surely swiftly totally truly usually warmly wholly
    widely wisely
    """
)

ADJECTIVES = _words(
    """
    able accurate active adapted adequate alert amazed ample apt artistic awake aware balanced
    becoming blessed bold bright calm capable caring casual central certain champion cheerful civil
    clean clear clever close cool correct cosmic crisp curious current daring decent deep delicate
    discrete driven eager eager easy elegant eminent enabled enjoyed equal exact exotic expert fair
    famous fast feasible fine firm fleet flowing fluent fond frank free fresh full generous gentle
    glad golden grand grateful guided handy happy hardy helped holy honest humble ideal immune
    innocent internal intense joint keen kind known large lasting leading legal light liberal
    living logical loved loyal lucky magical major mature meet merry mighty modern moral musical
    native natural neat noble normal notable novel open optimal patient perfect pleasant polite
    popular precious prepared present pretty probable proper proud prompt pure quick quiet rapid
    rare ready regular relaxed relieved robust romantic safe select sensible settled sharp shining
    simple smart smooth social solid sound special splendid stable steady strong subtle suited
    sunny superb sure sweet talented teaching tender thankful together tough touched true trusted
    unbiased unified unique upright useful valid valued vast viable vital vocal warm welcome well
    whole willing wired wise witty working worthy
    """
)

NAMES = _words(
    """
    adder alpaca anchovy ant antelope badger barnacle bass bat bear beagle bee beetle bird bison
    boar bobcat bonefish buck buffalo bug bull bullfrog burro buzzard calf camel cardinal caribou
    cat catfish cheetah chicken chimp chipmunk clam cobra cod collie colt corgi cow coyote crab
    crane crayfish cricket crow cub dane dassie deer dingo dodo doe dog dogfish dolphin donkey
    dory dove dragon drake drum duck duckling eagle earwig eel eft egret elephant elf elk emu
    escargot ewe falcon fawn feline ferret filly finch firefly fish flea flounder fly foal fowl
    fox foxhound frog gannet garfish gator gazelle gecko gelding ghost ghoul giraffe glider gnat
    gnu goat gobbler goldfish goose gopher gorilla grackle griffon grizzly grouper grouse grub
    grubworm guinea guppy haddock hagfish halibut hamster hare hawk hedgehog hen hermit heron
    herring hippo hog honeybee hookworm hornet horse hound humpback husky hyena ibex iguana imp
    impala insect jackal jackass jaguar javelin jawfish jay jaybird jennet joey kangaroo katydid
    kid killdeer kingfish kit kite kitten kiwi koala kodiak koi krill lab labrador lacewing
    ladybird ladybug lamb lamprey lark leech lemming lemur leopard liger lion lioness lionfish
    lizard llama lobster locust longhorn loon louse lynx macaque macaw mackerel maggot magpie
    mako malamute mallard mammal mammoth man manatee mantis marlin marmoset marmot marten martin
    mastiff mastodon mayfly meerkat midge mink minnow mite moccasin mole mollusk molly monarch
    mongoose mongrel monitor monkey monkfish monster moose moray mosquito moth mouse mudfish mule
    mullet muskox muskrat mustang mutt narwhal newt octopus opossum orca oriole oryx osprey
    ostrich owl ox oyster
    """
)
